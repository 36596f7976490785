import { createData, type DataType, elementCount, type LazyArray } from './lazy-array.ts';
import { chunkRegion, chunksOf, type Region } from './region.ts';
import { wrapped } from './wrapped.ts';

/**
 * Every `factor`-th element along y and x, the one in the middle of those it stands for: a coarser level for the screen where ids
 * must stay what they are. Chunks of `lazy` are read one after another, so that one chunk of the result needs the memory of one
 * of them.
 *
 * @param factor  whole, at least 1
 */
export function strided<T extends DataType>(lazy: LazyArray<T>, factor: number): LazyArray<T> {
  const steps = lazy.axes.map(({ name }) => (name === 'y' || name === 'x' ? factor : 1));
  const shape = lazy.shape.map((size, axis) => Math.ceil(size / steps[axis]!));
  const geometry = {
    axes: lazy.axes,
    shape,
    chunkShape: lazy.chunkShape,
    transform: {
      scale: lazy.transform.scale.map((scale, axis) => scale * steps[axis]!),
      // The middle of the elements it stands for: they cover [i·f, (i + 1)·f).
      translation: lazy.transform.translation.map(
        (shift, axis) => shift + (lazy.transform.scale[axis]! * (steps[axis]! - 1)) / 2,
      ),
    },
  };
  /** The element of `lazy` that stands for element i of the result. */
  const sourceOf = (i: number, axis: number): number =>
    Math.min(lazy.shape[axis]! - 1, i * steps[axis]! + Math.floor(steps[axis]! / 2));
  return wrapped(
    lazy,
    async (index, options) => {
      const region = chunkRegion(geometry, index);
      const size = region.start.map((start, axis) => region.stop[axis]! - start);
      const chunk = { data: createData(lazy.dtype, elementCount(size)), shape: size };
      const source = {
        start: region.start.map(sourceOf),
        stop: region.stop.map((stop, axis) => sourceOf(stop - 1, axis) + 1),
      };
      for (const from of chunksOf(lazy, source)) {
        options.signal?.throwIfAborted();
        const covered = chunkRegion(lazy, from);
        const box = firstsIn(region, covered, sourceOf);
        if (box.start.some((start, axis) => start >= box.stop[axis]!)) continue;
        const { data, shape: given } = await lazy.getChunk(from, options);
        pick({ data, shape: given, start: covered.start }, { ...chunk, start: region.start }, box, sourceOf);
      }
      return chunk;
    },
    geometry,
  );
}

/** The elements of `region` whose source lies in `covered`. */
function firstsIn(
  region: Region,
  covered: Region,
  sourceOf: (i: number, axis: number) => number,
): { readonly start: number[]; readonly stop: number[] } {
  const bounds = region.start.map((start, axis) => {
    let first = start;
    while (first < region.stop[axis]! && sourceOf(first, axis) < covered.start[axis]!) first++;
    let last = first;
    while (last < region.stop[axis]! && sourceOf(last, axis) < covered.stop[axis]!) last++;
    return [first, last] as const;
  });
  return { start: bounds.map(([first]) => first), stop: bounds.map(([, last]) => last) };
}

interface Placed<T extends DataType> {
  readonly data: Awaited<ReturnType<LazyArray<T>['getChunk']>>['data'];
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

function pick<T extends DataType>(
  from: Placed<T>,
  to: Placed<T>,
  box: { readonly start: readonly number[]; readonly stop: readonly number[] },
  sourceOf: (i: number, axis: number) => number,
): void {
  // Same dtype on both sides by the signature; the index wants one concrete element type.
  const source = from.data as Uint8Array;
  const target = to.data as Uint8Array;
  const last = to.shape.length - 1;
  const walk = (axis: number, fromBase: number, toBase: number): void => {
    for (let i = box.start[axis]!; i < box.stop[axis]!; i++) {
      const at = fromBase * from.shape[axis]! + sourceOf(i, axis) - from.start[axis]!;
      const into = toBase * to.shape[axis]! + i - to.start[axis]!;
      if (axis === last) target[into] = source[at]!;
      else walk(axis + 1, at, into);
    }
  };
  walk(0, 0, 0);
}
