import { type Fit, fitId } from '../array/fit.ts';
import { createData, type LazyArray } from '../array/lazy-array.ts';
import { wrapped } from '../array/wrapped.ts';
import { AlibiError } from '../errors.ts';

/** Clusters of a fit joined into fewer: id n of the labels is any of the n-th group's clusters. */
export interface MergedFit extends Fit<'merged'> {
  /** What was merged, as it was fitted. */
  readonly of: Fit;
  readonly groups: ClusterGroups;
}

/** Cluster ids of a fit, from 1, by the id they are joined into: the first group is id 1. */
export type ClusterGroups = readonly (readonly number[])[];

/** Clusters joined as asked for; the fit is another one, with an id and a source of its own. */
export async function mergeClusters(of: Fit, groups: ClusterGroups): Promise<MergedFit> {
  const plain = groups.map((group) => [...group]);
  const content = {
    kind: 'merged' as const,
    source: { ...of.source, clusters: of.id, merged: plain },
  };
  return { ...content, of, groups: plain, id: await fitId(content) };
}

/**
 * Groups with those of some ids joined. The joined one takes the place of the first; the others keep their order.
 *
 * @throws AlibiError InvalidInput  fewer than two different ids, or one that there is not
 */
export function joinGroups(groups: ClusterGroups, ids: readonly number[]): ClusterGroups {
  const joined = [...new Set(ids)].sort((a, b) => a - b);
  const stray = joined.find((id) => groups[id - 1] === undefined);
  if (joined.length < 2 || stray !== undefined) {
    throw new AlibiError('InvalidInput', {
      what: stray === undefined ? 'one cluster alone cannot be merged' : `there is no cluster ${stray}`,
      where: 'merging clusters',
      remedy: `Name two or more of the clusters 1 to ${groups.length}.`,
    });
  }
  const together = joined.flatMap((id) => groups[id - 1]!).sort((a, b) => a - b);
  return groups.flatMap((group, index) => {
    if (index + 1 === joined[0]) return [together];
    return joined.includes(index + 1) ? [] : [group];
  });
}

/**
 * Labels of clusters as those of the groups they are in: exactly the pixels of the members, no border moves.
 *
 * @param labels  cluster ids from 1; 0 stays 0
 * @returns       ids 1 … groups.length
 */
export function mergedLabels<T extends 'uint8' | 'uint16'>(
  labels: LazyArray<T>,
  groups: ClusterGroups,
): LazyArray<T> {
  const numbers = new Map(groups.flatMap((group, index) => group.map((id) => [id, index + 1] as const)));
  return wrapped(labels, async (index, options) => {
    const { data, shape } = await labels.getChunk(index, options);
    const merged = createData(labels.dtype, data.length);
    data.forEach((id, i) => {
      merged[i] = numbers.get(id) ?? 0;
    });
    return { data: merged, shape };
  });
}
