import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readRegion } from '../../plugin/src/array/region.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
/** A handful of windows: the machine may have no GPU. */
const sizePx = '512';

/** The demo on one of the sample images, which lie in its scratch folder. */
export interface Samples extends Demo {
  /** A file or folder of the scratch folder. */
  file(name: string): string;
  /** Wait until the classes of the present strokes are there and nothing is being done. */
  trained(): Promise<void>;
  /** Save the classes as a label image. */
  save(name: string): Promise<void>;
  /** Ids of a label image of a sample, finest level. */
  idsOf(sample: string, name: string): Promise<ArrayLike<number | bigint>>;
  /** `alibi-zarr segment` on a sample. */
  segment(sample: string, argv: readonly string[]): Promise<void>;
}

/** @param sample  to open, such as `superalloy.zarr`; its classes can be begun */
export async function openSamples(sample: string): Promise<Samples> {
  const demo = await openDemo();
  const { page, scratch, url } = demo;
  const file = (name: string) => join(scratch, name);
  try {
    await run(process.execPath, [join(root, 'scripts/make-samples.mjs'), scratch, sizePx]);
    await page.goto(`${url}?src=scratch/${sample}`, { waitUntil: 'load' });
    await page.locator('#start-classes').waitFor({ timeout: 120_000 });
  } catch (error) {
    await demo.close();
    throw error;
  }
  return {
    ...demo,
    file,
    async trained() {
      await page.waitForFunction(
        () => {
          const session = document.querySelector('alibi-zarr-viewer')?.session;
          const isIdle = session?.work.length === 0;
          return isIdle && session?.layers.some(({ kind, outdated }) => kind === 'classes' && !outdated);
        },
        undefined,
        { timeout: 300_000 },
      );
    },
    save: (name) =>
      page.evaluate(async (label) => {
        const session = document.querySelector('alibi-zarr-viewer')!.session!;
        await session.save(session.layers.find(({ kind }) => kind === 'classes')!, { name: label });
      }, name),
    async idsOf(of, name) {
      const at = file(of);
      const image = await openImage({ store: createNodeStore(at), path: '', location: at }, {});
      const finest = (await openLabel(image, name, {})).pyramid[0]!;
      const whole = { start: finest.shape.map(() => 0), stop: finest.shape };
      return (await readRegion(finest, whole, {})).data;
    },
    async segment(of, argv) {
      await run(process.execPath, [join(root, 'plugin/bin/alibi-zarr.js'), 'segment', file(of), ...argv]);
    },
  };
}

/** Share of pixels that have the same id. */
export function agreement(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  let same = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) same++;
  return same / a.length;
}
