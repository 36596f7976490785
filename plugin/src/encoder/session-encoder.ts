import { createQueue } from '../array/queue.ts';
import { AlibiError } from '../errors.ts';
import type { GraphSession } from './backend.ts';
import type { Encoder, ExecutionProvider } from './encoder.ts';

export interface SessionEncoderOptions {
  readonly session: GraphSession;
  readonly provider: ExecutionProvider;
  readonly dim: number;
  readonly patchPx: number;
  /** Expected milliseconds a window until there are runs to take the median of. */
  readonly windowMs: number;
  readonly now?: () => number;
}

/** Runs the median is taken over: enough to be steady, few enough to follow a machine that gets busy. */
const MEDIAN_OF = 31;

/** An {@link Encoder} over one loaded graph: one run at a time, the most urgent next. */
export function createSessionEncoder(options: SessionEncoderOptions): Encoder {
  const { session, provider, dim, patchPx, now = () => performance.now() } = options;
  const queue = createQueue({ slots: 1 });
  const durations: number[] = [];
  let runs = 0;
  let closed = false;

  const encode = async (image: Float32Array, heightPx: number, widthPx: number) => {
    if (closed) throw encoderClosed();
    const begun = now();
    runs++;
    const features = await session.run(image, heightPx, widthPx);
    durations.push(now() - begun);
    if (durations.length > MEDIAN_OF) durations.shift();
    const rows = heightPx / patchPx;
    const cols = widthPx / patchPx;
    if (features.length !== dim * rows * cols) throw wrongOutput(features.length, [dim, rows, cols]);
    return { tokens: tokenMajor(features, dim), rows, cols };
  };

  return {
    provider,
    dim,
    patchPx,
    get runs() {
      return runs;
    },
    get windowMs() {
      return durations.length === 0 ? options.windowMs : median(durations);
    },
    async run(image, heightPx, widthPx, request) {
      assertInput(image, heightPx, widthPx, patchPx);
      return queue.run(() => encode(image, heightPx, widthPx), { ...request, whenAborted: 'finish' });
    },
    async close() {
      closed = true;
      // Behind the run in progress: a session must not be released under one.
      await queue.run(() => session.close(), { priority: () => Number.NEGATIVE_INFINITY });
    },
  };
}

/** [dim, rows, cols] to [rows, cols, dim], in blocks that stay in the cache. */
function tokenMajor(features: Float32Array, dim: number): Float32Array {
  const tokens = features.length / dim;
  const result = new Float32Array(features.length);
  const block = 32;
  for (let c0 = 0; c0 < dim; c0 += block) {
    const c1 = Math.min(dim, c0 + block);
    for (let token = 0; token < tokens; token++) {
      for (let c = c0; c < c1; c++) result[token * dim + c] = features[c * tokens + token]!;
    }
  }
  return result;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function assertInput(image: Float32Array, heightPx: number, widthPx: number, patchPx: number): void {
  const whole = heightPx > 0 && widthPx > 0 && heightPx % patchPx === 0 && widthPx % patchPx === 0;
  if (whole && image.length === 3 * heightPx * widthPx) return;
  throw new AlibiError('InvalidInput', {
    what: `an image of ${image.length} values cannot be 3 × ${heightPx} × ${widthPx} pixels in patches of ${patchPx}`,
    where: 'encoder.run',
    remedy: 'Give three channels and a height and width that are multiples of the patch.',
  });
}

function wrongOutput(length: number, shape: readonly number[]): AlibiError {
  return new AlibiError('Integrity', {
    what: `the graph gave ${length} values instead of ${shape.join(' × ')}`,
    where: 'features',
    remedy: 'Convert the checkpoint again: its manifest does not describe this graph.',
  });
}

function encoderClosed(): AlibiError {
  return new AlibiError('Internal', {
    what: 'the encoder is closed',
    where: 'encoder.run',
    remedy: 'Open the image again.',
  });
}
