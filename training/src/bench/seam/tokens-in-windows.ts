import type { Runner } from '../../onnx/run.ts';
import { crop, encode, type Pixels, type TokenGrid } from '../tokens.ts';
import type { WindowAxis } from './shifted-axis.ts';

/** Tokens of an image computed window by window and blended. */
export interface WindowedTokens extends TokenGrid {
  /** Milliseconds each window took. */
  readonly times: readonly number[];
}

/**
 * @param image   of rows × cols whole tokens
 * @param pause   awaited after each window; may reject to abort
 */
export async function tokensInWindows(
  runner: Runner,
  image: Pixels,
  o: {
    readonly patch: number;
    readonly rows: WindowAxis;
    readonly cols: WindowAxis;
    readonly pause: () => Promise<void>;
  },
): Promise<WindowedTokens> {
  const [rows, cols] = [image.height / o.patch, image.width / o.patch];
  const times: number[] = [];
  let blended: TokenGrid | undefined;
  for (let i = 0; i < o.rows.count; i++) {
    for (let j = 0; j < o.cols.count; j++) {
      const [row, col] = [o.rows.start(i), o.cols.start(j)];
      const window = { row, col, rows: o.rows.window, cols: o.cols.window, patch: o.patch };
      const started = performance.now();
      const part = await encode(runner, crop(image, window));
      times.push(performance.now() - started);
      blended ??= { rows, cols, dim: part.dim, data: new Float32Array(rows * cols * part.dim) };
      const weight = (y: number, x: number): number => o.rows.share(i, row + y) * o.cols.share(j, col + x);
      blend(blended, { row, col, part, weight });
      await o.pause();
    }
  }
  if (blended === undefined) throw new TypeError('a plan has at least one window');
  return { ...blended, times };
}

function blend(
  tokens: TokenGrid,
  o: {
    readonly row: number;
    readonly col: number;
    readonly part: TokenGrid;
    readonly weight: (y: number, x: number) => number;
  },
): void {
  const { part } = o;
  for (let y = 0; y < part.rows; y++) {
    for (let x = 0; x < part.cols; x++) {
      const weight = o.weight(y, x);
      const to = ((o.row + y) * tokens.cols + o.col + x) * part.dim;
      const from = (y * part.cols + x) * part.dim;
      for (let c = 0; c < part.dim; c++) {
        tokens.data[to + c] = tokens.data[to + c]! + weight * part.data[from + c]!;
      }
    }
  }
}
