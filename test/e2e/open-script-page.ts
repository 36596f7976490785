import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs';
import { createTestServer } from '../server/test-server.ts';

/** A page of nothing but a script of ours, in a Chromium of its own. */
export interface ScriptPage {
  readonly url: string;
  readonly browser: Browser;
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** @param script  beside this file, such as `killed-tab-page.ts` */
export async function serveScriptPage(script: string): Promise<ScriptPage> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium: install one, or name it in CHROMIUM.');
  const folder = await mkdtemp(join(tmpdir(), 'alibi-script-page-'));
  await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    outfile: join(folder, 'page.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  await writeFile(join(folder, 'index.html'), '<script type="module" src="page.js"></script>');
  const server = await createTestServer({ root: folder });
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
  return {
    url: server.url,
    browser,
    context: await browser.newContext(),
    async close() {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
