import { inOrder } from '../../array/in-order.ts';
import { chunkCounts, elementCount, type LazyArray } from '../../array/lazy-array.ts';
import { createProgress, type WorkOptions } from '../../array/progress.ts';

/** Chunks read at once: hides the latency of a store. */
const readAhead = 4;

/**
 * The largest id of a label image, 0 where there is none; looks at every chunk once.
 *
 * @param labels  integer
 */
export async function findLargestId(
  labels: LazyArray,
  { signal, onProgress }: WorkOptions = {},
): Promise<number | bigint> {
  const counts = chunkCounts(labels);
  const progress = createProgress(elementCount(counts), onProgress);
  const read = (index: readonly number[]) => labels.getChunk(index, signal === undefined ? {} : { signal });
  let largest: number | bigint = labels.dtype.endsWith('int64') ? 0n : 0;
  for await (const { result } of inOrder(positions(counts), readAhead, read)) {
    signal?.throwIfAborted();
    for (const id of result.data) if (id > largest) largest = id;
    progress.step();
  }
  return largest;
}

function* positions(counts: readonly number[]): Generator<readonly number[]> {
  for (let n = 0; n < elementCount(counts); n++) {
    const index = counts.map(() => 0);
    let rest = n;
    for (let axis = counts.length - 1; axis >= 0; axis--) {
      index[axis] = rest % counts[axis]!;
      rest = Math.floor(rest / counts[axis]!);
    }
    yield index;
  }
}
