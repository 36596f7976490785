import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { chooseGraph } from '../choose-graph.ts';
import { asTriple, type CheckpointManifest, isSameFigure, type Measured } from '../manifest.ts';
import type { Precision } from '../onnx/precision.ts';
import { openCpuRunner } from '../onnx/run.ts';
import { readManifest } from '../verify.ts';
import { openBenchImage } from './bench-images.ts';
import { encode, measureSeam, type SeamFigures } from './seam.ts';

/** Tokens along a side of the image that one window is laid over for comparison. */
const WHOLE_TOKENS = 56;

export interface SeamBenchOptions {
  readonly manifest: string;
  readonly images: readonly string[];
  /** Which of the checkpoint's graphs; default: the first. */
  readonly precision?: Precision | undefined;
  /** Also store the figures in the manifest. */
  readonly write: boolean;
  readonly onProgress: (text: string) => void;
}

/** How much the checkpoint's window plan shows: the mean over images of {@link measureSeam}, on the CPU. */
export async function benchSeam(options: SeamBenchOptions): Promise<Measured[]> {
  const manifest = await readManifest(options.manifest);
  const graph = chooseGraph(manifest, options.precision);
  const runner = await openCpuRunner(await readFile(join(dirname(options.manifest), graph.path)));
  const all: SeamFigures[] = [];
  try {
    for (const path of options.images) {
      options.onProgress(path);
      const { patch } = manifest.architecture;
      const sizePx = WHOLE_TOKENS * patch;
      const { mean, std } = manifest.input;
      const image = await openBenchImage(path, { sizePx, mean: asTriple(mean), std: asTriple(std) });
      const whole = await encode(runner, image);
      all.push(await measureSeam(runner, { image, patch, window: manifest.window, whole }));
    }
  } finally {
    await runner.close();
  }
  const measured = describe(manifest, options, all);
  if (options.write) {
    const kept = manifest.measured.filter((figure) => !measured.some((added) => isSameFigure(added, figure)));
    const text = JSON.stringify({ ...manifest, measured: [...kept, ...measured] }, null, 2);
    await writeFile(options.manifest, `${text}\n`);
  }
  return measured;
}

function describe(
  manifest: CheckpointManifest,
  { images, precision }: Pick<SeamBenchOptions, 'images' | 'precision'>,
  all: readonly SeamFigures[],
): Measured[] {
  const { rows, cols, overlap } = manifest.window;
  const names = images.map((path) => basename(path)).join(' ');
  const chosen = precision === undefined ? '' : ` --precision ${precision}`;
  const command = `alibi-train bench seam manifest.json ${names}${chosen}`;
  const note = `mean over ${images.length} images of ${WHOLE_TOKENS}×${WHOLE_TOKENS} tokens, windows ${rows}×${cols} with ${overlap} overlapped`;
  const figure = (name: string, pick: (figures: SeamFigures) => number): Measured => ({
    name,
    value: Number((all.reduce((sum, figures) => sum + pick(figures), 0) / all.length).toFixed(4)),
    command,
    note,
    ...(precision === undefined ? {} : { precision }),
  });
  return [
    figure('centred consistency', (figures) => figures.centredConsistency),
    figure('plain consistency', (figures) => figures.plainConsistency),
    figure('seam ratio', (figures) => figures.seamRatio),
    figure('cost', (figures) => figures.cost),
  ];
}
