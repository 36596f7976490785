/** Samples visited between two pauses. */
const samplesPerStep = 512;

/**
 * k-means++: each next centre is a sample drawn with a chance in proportion to its squared distance from the
 * nearest centre so far; of `2 + ⌊ln k⌋` such draws the one that lowers the sum of distances most is kept.
 *
 * @param samples  float32 [n, dim]
 * @returns        float64 [k, dim], or `undefined` where there are fewer than k distinct samples
 * Source: Arthur, Vassilvitskii, 2007, §5 (the greedy variant).
 */
export async function plusPlusSeeds(
  samples: Float32Array,
  options: {
    readonly k: number;
    readonly dim: number;
    readonly random: () => number;
    readonly pause: () => Promise<void>;
  },
): Promise<Float64Array | undefined> {
  const { k, dim, random, pause } = options;
  const count = samples.length / dim;
  const seeds = new Float64Array(k * dim);
  const draws = 2 + Math.floor(Math.log(k));
  const first = Math.min(count - 1, Math.floor(random() * count));
  seeds.set(samples.subarray(first * dim, (first + 1) * dim), 0);
  let nearest = await distances(samples, { dim, pause }, first, undefined);
  for (let centre = 1; centre < k; centre++) {
    const total = sum(nearest);
    if (!(total > 0)) return undefined;
    let best: { sample: number; nearest: Float64Array; total: number } | undefined;
    for (let draw = 0; draw < draws; draw++) {
      const sample = pick(nearest, random() * total);
      const candidate = await distances(samples, { dim, pause }, sample, nearest);
      const candidateTotal = sum(candidate);
      if (best === undefined || candidateTotal < best.total) {
        best = { sample, nearest: candidate, total: candidateTotal };
      }
    }
    nearest = best!.nearest;
    seeds.set(samples.subarray(best!.sample * dim, (best!.sample + 1) * dim), centre * dim);
  }
  return seeds;
}

/** Squared distance of each sample to sample `centre`, or to the nearest centre so far where that is less. */
async function distances(
  samples: Float32Array,
  { dim, pause }: { readonly dim: number; readonly pause: () => Promise<void> },
  centre: number,
  nearest: Float64Array | undefined,
): Promise<Float64Array> {
  const out = new Float64Array(samples.length / dim);
  const base = centre * dim;
  for (let row = 0; row < out.length; row++) {
    if (row % samplesPerStep === 0) await pause();
    let squared = 0;
    for (let i = 0; i < dim; i++) {
      const difference = samples[row * dim + i]! - samples[base + i]!;
      squared += difference * difference;
    }
    out[row] = nearest === undefined ? squared : Math.min(squared, nearest[row]!);
  }
  return out;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** First index whose running sum exceeds `target`; never one of weight 0. */
function pick(weights: Float64Array, target: number): number {
  let running = 0;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! <= 0) continue;
    running += weights[i]!;
    last = i;
    if (running > target) return i;
  }
  return last;
}
