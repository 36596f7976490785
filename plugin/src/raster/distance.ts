import type { Size3 } from './volume.ts';

/**
 * Distance of each element to the nearest element of another id, centre to centre; 0 where `ids` is 0. Beyond the volume
 * there is nothing: its edges are no borders. Infinite where a volume holds one id only.
 *
 * For a mask it equals `scipy.ndimage.distance_transform_edt(mask, sampling=spacing)`, to float32.
 *
 * @param ids      [z, y, x], C order
 * @param spacing  size of an element along z, y, x
 * @returns        float32, in the unit of `spacing`
 * Source: Felzenszwalb & Huttenlocher, Distance transforms of sampled functions, 2012; several ids at once as in
 *         https://github.com/seung-lab/euclidean-distance-transform-3d
 */
export function distanceToOther(ids: Uint32Array, size: Size3, spacing: Size3): Float32Array {
  const squared = new Float64Array(ids.length).fill(Number.POSITIVE_INFINITY);
  const strides: Size3 = [size[1] * size[2], size[2], 1];
  for (const axis of [2, 1, 0] as const) {
    const length = size[axis];
    const line = createLine(length, spacing[axis]);
    const stride = strides[axis];
    for (let outer = 0; outer < ids.length; outer += stride * length) {
      for (let first = outer; first < outer + stride; first++) line.run(ids, squared, first, stride);
    }
  }
  return Float32Array.from(squared, (value, i) => (ids[i] === 0 ? 0 : Math.sqrt(value)));
}

/** The pass along one axis, with buffers of its own. */
function createLine(length: number, spacing: number) {
  const values = new Float64Array(length);
  // Lower envelope of the parabolas: their apices (relative to the line), heights, and where each begins to be lowest.
  const apices = new Float64Array(length + 2);
  const heights = new Float64Array(length + 2);
  const begins = new Float64Array(length + 2);
  const weight = spacing * spacing;
  let count = 0;

  const push = (apex: number, height: number): void => {
    if (height === Number.POSITIVE_INFINITY) return;
    let begin = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      const before = count - 1;
      const [a, h] = [apices[before]!, heights[before]!];
      begin = (height - h + weight * (apex * apex - a * a)) / (2 * weight * (apex - a));
      if (begin > begins[before]!) break;
      begin = Number.NEGATIVE_INFINITY;
      count--;
    }
    apices[count] = apex;
    heights[count] = height;
    begins[count++] = begin;
  };
  const at = (n: number, position: number): number => heights[n]! + weight * (position - apices[n]!) ** 2;

  /** One stretch of equal ids, `start` to `stop`; other ids beside it are at height 0. */
  const stretch = (start: number, stop: number, squared: Float64Array, first: number, stride: number) => {
    count = 0;
    if (start > 0) push(start - 1, 0);
    for (let i = start; i < stop; i++) push(i, values[i]!);
    if (stop < length) push(stop, 0);
    if (count === 0) return;
    let n = 0;
    for (let i = start; i < stop; i++) {
      while (n + 1 < count && begins[n + 1]! <= i) n++;
      // Where two parabolas cross, rounding must not decide between them: the lower one counts.
      const next = n + 1 < count ? at(n + 1, i) : Number.POSITIVE_INFINITY;
      const last = n > 0 ? at(n - 1, i) : Number.POSITIVE_INFINITY;
      squared[first + i * stride] = Math.min(at(n, i), next, last);
    }
  };

  return {
    run(ids: Uint32Array, squared: Float64Array, first: number, stride: number): void {
      for (let i = 0; i < length; i++) values[i] = squared[first + i * stride]!;
      for (let start = 0; start < length; ) {
        const id = ids[first + start * stride]!;
        let stop = start + 1;
        while (stop < length && ids[first + stop * stride] === id) stop++;
        if (id !== 0) stretch(start, stop, squared, first, stride);
        start = stop;
      }
    },
  };
}
