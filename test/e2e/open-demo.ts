import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs';
import { demoMounts, serveDemo } from '../../scripts/serve-demo.mjs';
import { sharedPath } from '../shared.ts';

/** The built demo in a Chromium of its own. */
export interface Demo {
  readonly page: Page;
  readonly browser: Browser;
  /** of the demo's page, ends with a slash; `/shared/` below it is the reference data, `/scratch/` is `scratch` */
  readonly url: string;
  /** an empty folder that the page may write to by PUT */
  readonly scratch: string;
  /** what the page has complained about so far: console errors, uncaught errors, failed requests of its own files */
  readonly complaints: readonly string[];
  /** keep a picture of the page in test/output/<name>.png */
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface OpenDemoOptions {
  /** the image to open, as the page's `src`; relative to the demo's page */
  readonly src?: string;
  /** the checkpoint's manifest, as the page's `model` */
  readonly model?: string;
  /** sent with every file, such as a Content-Security-Policy */
  readonly headers?: Readonly<Record<string, string>>;
  /** `/scratch/` refuses to be written to */
  readonly readOnly?: boolean;
  readonly width?: number;
  readonly height?: number;
}

const output = fileURLToPath(new URL('../output/', import.meta.url));

/**
 * Chromium logs an error for every answer from 400 on. Two are wanted: whoever opens a Zarr asks for metadata files that may not
 * be there, and a save tries out on its own journal whether the server refuses a write whose condition cannot hold.
 */
function isProbe(message: ConsoleMessage): boolean {
  const { url } = message.location();
  const isRefused = url.endsWith('/alibi-zarr-journal.jsonl') && message.text().includes('412');
  return /\.zarr\//.test(url) && (isRefused || message.text().includes('404'));
}

/** Serve the built demo on a free port and open it; the page has loaded, what it opens has not. */
export async function openDemo({
  src,
  model,
  headers = {},
  readOnly = false,
  width = 1280,
  height = 800,
}: OpenDemoOptions = {}): Promise<Demo> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium: install one, or name it in CHROMIUM.');
  const scratch = await mkdtemp(join(tmpdir(), 'alibi-zarr-e2e-'));
  const server = await serveDemo({
    port: 0,
    headers,
    mounts: [
      { prefix: '/shared/', folder: resolve(sharedPath('.')) },
      { prefix: '/scratch/', folder: scratch, writable: !readOnly },
      ...demoMounts,
    ],
  });
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
  const page = await browser.newPage({ viewport: { width, height } });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' || isProbe(message)) return;
    complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  const address = new URL(server.url);
  if (src !== undefined) address.searchParams.set('src', src);
  if (model !== undefined) address.searchParams.set('model', model);
  await page.goto(address.href, { waitUntil: 'load' });
  return {
    page,
    browser,
    url: server.url,
    scratch,
    complaints,
    async screenshot(name) {
      await page.screenshot({ path: join(output, `${name}.png`) });
    },
    async close() {
      await browser.close();
      await server.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
