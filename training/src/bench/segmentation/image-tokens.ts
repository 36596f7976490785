import { planWindows } from 'alibi-zarr/checkpoint';
import type { CheckpointManifest } from '../../manifest.ts';
import type { Runner } from '../../onnx/run.ts';
import { tokensInWindows } from '../seam/tokens-in-windows.ts';
import type { TokenGrid } from '../tokens.ts';
import { encoderPixels, type Plane } from './encoder-pixels.ts';

/**
 * Tokens of an image as the pipeline computes them: the lattice anchored at its first pixel, in windows of the
 * checkpoint's plan, overlaps blended, reflected beyond its edges.
 *
 * @param planes  one (grey) or three (red, green, blue), 0…1, of one size
 * @param pause   awaited after each window; may reject to abort
 * @returns       float32 [⌈height / patch⌉, ⌈width / patch⌉, dim]; the caller owns it
 */
export async function imageTokens(
  runner: Runner,
  planes: readonly Plane[],
  manifest: Pick<CheckpointManifest, 'architecture' | 'input' | 'window'>,
  pause: () => Promise<void>,
): Promise<TokenGrid> {
  const { patch } = manifest.architecture;
  const [first] = planes;
  if (first === undefined) throw new TypeError('an image has at least one plane');
  const pixels = encoderPixels(planes, { patch, window: manifest.window, ...manifest.input });
  const plan = planWindows(pixels.height / patch, pixels.width / patch, manifest.window);
  const tokens = await tokensInWindows(runner, pixels, { patch, rows: plan.rows, cols: plan.cols, pause });
  return part(tokens, Math.ceil(first.height / patch), Math.ceil(first.width / patch));
}

/** The first rows and columns: without what a window larger than the image added. */
function part(grid: TokenGrid, rows: number, cols: number): TokenGrid {
  if (rows === grid.rows && cols === grid.cols) return grid;
  const data = new Float32Array(rows * cols * grid.dim);
  for (let y = 0; y < rows; y++) {
    const from = y * grid.cols * grid.dim;
    data.set(grid.data.subarray(from, from + cols * grid.dim), y * cols * grid.dim);
  }
  return { rows, cols, dim: grid.dim, data };
}
