import type { GraphSession } from './backend.ts';
import { selfTestImage } from './self-test-input.ts';

export interface SelfTest {
  /** Tokens. */
  readonly rows: number;
  readonly cols: number;
  readonly seed: number;
  readonly patchPx: number;
  /** Answer of the reference, float32 [dim, rows, cols]. */
  readonly expected: Float32Array;
}

export interface SelfTestOutcome {
  /** Relative error ‖a − b‖₂ / ‖b‖₂ over the whole tensor; `Infinity` where the answer is not finite or of another size. */
  readonly relativeError: number;
  /** Milliseconds of a second run: the first one compiles shaders and touches memory for the first time. */
  readonly runMs: number;
}

/** Run a session on the self-test's input and compare with the stored answer of the reference. */
export async function runSelfTest(
  session: GraphSession,
  test: SelfTest,
  {
    signal,
    now = () => performance.now(),
  }: { readonly signal?: AbortSignal; readonly now?: () => number } = {},
): Promise<SelfTestOutcome> {
  const heightPx = test.rows * test.patchPx;
  const widthPx = test.cols * test.patchPx;
  const image = selfTestImage(test.seed, heightPx, widthPx);
  signal?.throwIfAborted();
  const error = relativeError(await session.run(image, heightPx, widthPx), test.expected);
  signal?.throwIfAborted();
  const begun = now();
  await session.run(image, heightPx, widthPx);
  return { relativeError: error, runMs: now() - begun };
}

/** ‖a − b‖₂ / ‖b‖₂; `Infinity` for different lengths or anything not finite. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  const error = Math.sqrt(difference / norm);
  return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
}
