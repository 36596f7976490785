import { neighbourSteps, type Reach, type Size3 } from '../../raster/volume.ts';

/** Part of a block's labels, C order. */
export interface Slab {
  readonly labels: Uint32Array;
  readonly size: Size3;
}

type Cut = 'first' | 'last' | 'all';

/** The first or last layer along the axes where `cuts` says so. */
export function cutSlab({ labels, size }: Slab, cuts: readonly [Cut, Cut, Cut]): Slab {
  const starts = cuts.map((cut, axis) => (cut === 'last' ? size[axis]! - 1 : 0));
  const [depth = 0, height = 0, width = 0] = cuts.map((cut, axis) => (cut === 'all' ? size[axis]! : 1));
  const out = new Uint32Array(depth * height * width);
  let at = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = ((z + starts[0]!) * size[1] + y + starts[1]!) * size[2] + starts[2]!;
      for (let x = 0; x < width; x++) out[at++] = labels[from + x]!;
    }
  }
  return { labels: out, size: [depth, height, width] };
}

/**
 * Every pair of labels of two slabs that touch: layers of neighbouring blocks that lie face to face, edge to edge or corner to
 * corner, of one size.
 *
 * @param step  from the one block to the other, as (dz, dy, dx)
 */
export function touchingPairs(
  one: Slab,
  other: Slab,
  { step, reach }: { readonly step: Size3; readonly reach: Reach },
  visit: (a: number, b: number) => void,
): void {
  const [depth, height, width] = one.size;
  const spent = step.filter((change) => change !== 0).length;
  const shifts: Size3[] = [[0, 0, 0], ...neighbourSteps(reach)].filter(
    (shift): shift is Size3 =>
      shift.every((change, axis) => change === 0 || step[axis] === 0) &&
      shift.filter((change) => change !== 0).length + spent <= reach,
  );
  for (const [dz, dy, dx] of shifts) {
    let [lastA, lastB] = [0, 0];
    for (let z = Math.max(0, -dz); z < Math.min(depth, depth - dz); z++) {
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
          const a = one.labels[(z * height + y) * width + x]!;
          const b = other.labels[((z + dz) * height + y + dy) * width + x + dx]!;
          if (a === 0 || b === 0 || (a === lastA && b === lastB)) continue;
          [lastA, lastB] = [a, b];
          visit(a, b);
        }
      }
    }
  }
}

/** A slab in few bytes: its runs as pairs of label and length. */
export interface PackedSlab {
  readonly runs: Uint32Array;
  readonly size: Size3;
}

export function packSlab({ labels, size }: Slab): PackedSlab {
  const runs: number[] = [];
  for (let start = 0; start < labels.length; ) {
    let stop = start + 1;
    while (stop < labels.length && labels[stop] === labels[start]) stop++;
    runs.push(labels[start]!, stop - start);
    start = stop;
  }
  return { runs: Uint32Array.from(runs), size };
}

export function unpackSlab({ runs, size }: PackedSlab): Slab {
  const labels = new Uint32Array(size[0] * size[1] * size[2]);
  let at = 0;
  for (let n = 0; n < runs.length; n += 2) {
    labels.fill(runs[n]!, at, at + runs[n + 1]!);
    at += runs[n + 1]!;
  }
  return { labels, size };
}
