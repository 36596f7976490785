import type { ProbeResult } from 'alibi-zarr-schemas';
import { benchMap } from '../bench-map.ts';
import type { TokenGrid } from '../tokens.ts';
import { type ProbeScore, probeTokens } from './channel-probe.ts';
import { RAMP_NAMES, type RampName, rampOf } from './ramps.ts';
import { trainingMask } from './training-mask.ts';

export interface ReferenceOptions {
  /** One token in step² is trained on. */
  readonly step: number;
  /** Masks drawn for an image and a ramp; their scores are averaged. */
  readonly repeats: number;
  readonly random: () => number;
}

/** The mean over masks, and the mean prediction. */
interface ImageScore extends ProbeScore {
  readonly predicted: Float64Array;
}

/**
 * The reference's protocol on several images of one size: for each image and ramp a probe trained on a few random tokens,
 * scored on all tokens of that image; then mean and deviation over the images.
 *
 * @param pause  awaited after each image; may reject to abort
 */
export async function referenceProbe(
  images: readonly TokenGrid[],
  options: ReferenceOptions,
  pause: () => Promise<void>,
): Promise<ProbeResult['reference']> {
  const [{ rows, cols } = { rows: 0, cols: 0 }] = images;
  const scores = new Map<RampName, ImageScore[]>(RAMP_NAMES.map((ramp) => [ramp, []]));
  for (const tokens of images) {
    for (const [ramp, list] of scores) list.push(scoreImage(tokens, ramp, options));
    await pause();
  }
  return {
    samples: Math.floor((rows * cols) / options.step ** 2),
    repeats: options.repeats,
    ramps: [...scores].map(([ramp, list]) => describe(ramp, list, { rows, cols })),
  };
}

function scoreImage(tokens: TokenGrid, ramp: RampName, options: ReferenceOptions): ImageScore {
  const { rows, cols, dim } = tokens;
  const wanted = rampOf(ramp, rows, cols);
  const predicted = new Float64Array(rows * cols);
  const perChannel = new Float64Array(dim);
  let r2 = 0;
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    const mask = trainingMask(rows, cols, options);
    const probe = probeTokens(tokens, wanted, mask, { channels: true });
    r2 += probe.r2 / options.repeats;
    for (let i = 0; i < predicted.length; i++) {
      predicted[i] = predicted[i]! + probe.predicted[i]! / options.repeats;
    }
    for (let c = 0; c < dim; c++) perChannel[c] = perChannel[c]! + probe.perChannel[c]! / options.repeats;
  }
  return { r2, perChannel: [...perChannel], predicted };
}

function describe(
  ramp: RampName,
  scores: readonly ImageScore[],
  shape: { readonly rows: number; readonly cols: number },
): ProbeResult['reference']['ramps'][number] {
  const all = moments(scores.map(({ r2 }) => r2));
  const [first] = scores;
  const channels = (first?.perChannel ?? []).map((_, c) =>
    moments(scores.map(({ perChannel }) => perChannel[c]!)),
  );
  const predicted = Float64Array.from(
    { length: shape.rows * shape.cols },
    (_, i) => moments(scores.map((score) => score.predicted[i]!)).mean,
  );
  return {
    ramp,
    r2: all.mean,
    deviation: all.deviation,
    perImage: scores.map(({ r2 }) => r2),
    perChannel: channels.map(({ mean }) => rounded(mean)),
    perChannelDeviation: channels.map(({ deviation }) => rounded(deviation)),
    target: benchMap(rampOf(ramp, shape.rows, shape.cols), shape, [0, 1]),
    predicted: benchMap(predicted, shape, [0, 1]),
  };
}

function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** Enough to draw, without fifteen digits for each of hundreds of channels. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}
