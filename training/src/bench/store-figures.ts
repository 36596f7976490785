import { oneOf } from '../flag-values.ts';
import { isSameFigure, type Measured } from '../manifest.ts';
import { PRECISIONS } from '../onnx/precision.ts';
import { readManifest } from '../verify.ts';
import type { BenchResult } from './run-bench.ts';
import { writeWhole } from './write-whole.ts';

/** Puts the figures into the manifest's `measured`, in place of those of the same names and precision. */
export async function storeFigures(path: string, { figures, command, model }: BenchResult): Promise<void> {
  // Read again: a bench takes minutes, and another may have written meanwhile.
  const manifest = await readManifest(path);
  const measured: Measured[] = figures.map((figure) => ({
    ...figure,
    command,
    precision: oneOf(model.precision, PRECISIONS, 'precision'),
  }));
  const kept = manifest.measured.filter((old) => !measured.some((figure) => isSameFigure(figure, old)));
  await writeWhole(path, `${JSON.stringify({ ...manifest, measured: [...kept, ...measured] }, null, 2)}\n`);
}
