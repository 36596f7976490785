import type { LazyArray } from '../array/lazy-array.ts';
import type { ClustersFit } from '../features/fits.ts';
import type { LabelClass } from '../ome/write.ts';
import { formatHexColor, paletteColor } from '../session-colors.ts';
import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import type { Work } from './open-work.ts';
import { progressBar } from './progress-bar.ts';

export interface Clustering {
  readonly fit: ClustersFit;
  /** At token resolution of the level of the work. */
  readonly scores: LazyArray<'float32'>;
  readonly classes: readonly LabelClass[];
}

/** Cluster the tokens of the chosen slices, as a session does. */
export async function clusterTokens(work: Work, k: number, io: Io): Promise<Clustering> {
  const { pipeline, level, seed, slices } = work;
  const bar = progressBar(io, `Clustering into ${k}`);
  const fit = await pipeline.fitClusters({
    k,
    level,
    seed,
    slices,
    signal: io.signal,
    onProgress: (progress) => bar.update(progress),
  });
  bar.end();
  const classes = Array.from({ length: k }, (_, index) => ({
    id: index + 1,
    name: `Cluster ${index + 1}`,
    color: formatHexColor(paletteColor(index + 1)),
  }));
  return { fit, scores: await pipeline.clusterScores(fit, level), classes };
}

/** `--kmeans k`; undefined where it is not given. */
export function clusterCount(flags: Flags): number | undefined {
  return flags.integer('kmeans', 1);
}
