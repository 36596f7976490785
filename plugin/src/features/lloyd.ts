export interface Partition {
  /** float64 [k, dim] */
  readonly centroids: Float64Array;
  readonly counts: Int32Array;
  /** Index of the nearest centroid of each sample; ties go to the smallest. */
  readonly assigned: Int32Array;
  /** Sum of squared distances to the nearest centroid. */
  readonly inertia: number;
}

/** Plenty: real tokens settle in 20 to 60 rounds. */
const roundLimit = 300;
const samplesPerStep = 256;

/**
 * Lloyd's iterations until no sample changes its cluster. A cluster that loses all its samples is moved to
 * the sample furthest from its centroid (the first of equals).
 *
 * @param samples  float32 [n, dim]
 * @param seeds    float64 [k, dim]; not changed
 * Source: Lloyd, Least squares quantization in PCM, 1982.
 */
export async function lloyd(
  samples: Float32Array,
  seeds: Float64Array,
  options: { readonly k: number; readonly dim: number; readonly pause: () => Promise<void> },
): Promise<Partition> {
  const { k, dim, pause } = options;
  const count = samples.length / dim;
  const centroids = seeds.slice();
  const assigned = new Int32Array(count).fill(-1);
  const distance = new Float64Array(count);
  const counts = new Int32Array(k);
  for (let round = 0; round < roundLimit; round++) {
    let changed = 0;
    for (let row = 0; row < count; row++) {
      if (row % samplesPerStep === 0) await pause();
      if (assign(samples, row, centroids, { k, dim, assigned, distance })) changed++;
    }
    const moved = reviveEmpty({ k, assigned, distance, counts });
    if (changed === 0 && !moved) break;
    recentre(samples, dim, assigned, counts, centroids);
  }
  return { centroids, counts, assigned, inertia: distance.reduce((sum, value) => sum + value, 0) };
}

/** Gives a sample to its nearest centroid; true where that is another one than before. */
function assign(
  samples: Float32Array,
  row: number,
  centroids: Float64Array,
  state: { k: number; dim: number; assigned: Int32Array; distance: Float64Array },
): boolean {
  const { k, dim, assigned, distance } = state;
  const before = assigned[row]!;
  // The cluster it was in is most often still the nearest, and makes a bound that cuts the others short.
  let best = Math.max(0, before);
  let bestDistance = squaredDistance(
    samples,
    row * dim,
    centroids,
    best * dim,
    dim,
    Number.POSITIVE_INFINITY,
  );
  for (let cluster = 0; cluster < k; cluster++) {
    if (cluster === best) continue;
    const squared = squaredDistance(samples, row * dim, centroids, cluster * dim, dim, bestDistance);
    if (squared < bestDistance || (squared === bestDistance && cluster < best)) {
      best = cluster;
      bestDistance = squared;
    }
  }
  assigned[row] = best;
  distance[row] = bestDistance;
  return best !== before;
}

/** Values summed before the sum is compared with the bound. */
const valuesPerCheck = 32;

/** Exact up to `bound`; a sum that has passed it is given as it stands. */
function squaredDistance(
  samples: Float32Array,
  at: number,
  centroids: Float64Array,
  centre: number,
  dim: number,
  bound: number,
): number {
  let squared = 0;
  for (let start = 0; start < dim && squared <= bound; start += valuesPerCheck) {
    const stop = Math.min(dim, start + valuesPerCheck);
    for (let i = start; i < stop; i++) {
      const difference = samples[at + i]! - centroids[centre + i]!;
      squared += difference * difference;
    }
  }
  return squared;
}

/** Counts the clusters, and gives each empty one the sample that fits its own cluster worst. */
function reviveEmpty(state: {
  k: number;
  assigned: Int32Array;
  distance: Float64Array;
  counts: Int32Array;
}): boolean {
  const { k, assigned, distance, counts } = state;
  counts.fill(0);
  for (const cluster of assigned) counts[cluster] = counts[cluster]! + 1;
  let moved = false;
  for (let cluster = 0; cluster < k; cluster++) {
    if (counts[cluster]! > 0) continue;
    let furthest = -1;
    for (let row = 0; row < assigned.length; row++) {
      const isSpare = counts[assigned[row]!]! > 1;
      if (isSpare && (furthest === -1 || distance[row]! > distance[furthest]!)) furthest = row;
    }
    if (furthest === -1 || distance[furthest] === 0) continue;
    counts[assigned[furthest]!] = counts[assigned[furthest]!]! - 1;
    counts[cluster] = 1;
    assigned[furthest] = cluster;
    distance[furthest] = 0;
    moved = true;
  }
  return moved;
}

function recentre(
  samples: Float32Array,
  dim: number,
  assigned: Int32Array,
  counts: Int32Array,
  centroids: Float64Array,
): void {
  const sums = new Float64Array(centroids.length);
  for (let row = 0; row < assigned.length; row++) {
    const at = assigned[row]! * dim;
    for (let i = 0; i < dim; i++) sums[at + i] = sums[at + i]! + samples[row * dim + i]!;
  }
  counts.forEach((count, cluster) => {
    if (count === 0) return;
    for (let i = cluster * dim; i < (cluster + 1) * dim; i++) centroids[i] = sums[i]! / count;
  });
}
