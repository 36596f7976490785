/**
 * F1 score of the boundaries of each class: a boundary pixel counts as found where the other image has a boundary of
 * the class within `tolerancePx` (Euclidean).
 *
 * A boundary pixel of a class is one of its pixels with one of its four neighbours outside the class; the image's edge
 * is no boundary.
 *
 * @param truth      class of each pixel, [height, width]
 * @param predicted  of the same shape
 * @returns          one value a class: null where neither image has a boundary of it
 * Source: Csurka et al., What is a good evaluation measure for semantic segmentation?, BMVC 2013.
 */
export function boundaryF1(
  truth: Uint16Array,
  predicted: Uint16Array,
  o: {
    readonly height: number;
    readonly width: number;
    readonly classes: number;
    readonly tolerancePx: number;
  },
): (number | null)[] {
  const disc = discOf(o.tolerancePx);
  return Array.from({ length: o.classes }, (_, k) => {
    const [wanted, found] = [boundaryOf(truth, k, o), boundaryOf(predicted, k, o)];
    const [total, given] = [count(wanted), count(found)];
    if (total === 0 && given === 0) return null;
    if (total === 0 || given === 0) return 0;
    const precision = count(found, dilated(wanted, disc, o)) / given;
    const recall = count(wanted, dilated(found, disc, o)) / total;
    return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  });
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** 1 on the boundary pixels. */
function boundaryOf(labels: Uint16Array, wanted: number, { height, width }: Size): Uint8Array {
  const out = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== wanted) continue;
    const [y, x] = [Math.floor(i / width), i % width];
    const isEdge =
      (y > 0 && labels[i - width] !== wanted) ||
      (y < height - 1 && labels[i + width] !== wanted) ||
      (x > 0 && labels[i - 1] !== wanted) ||
      (x < width - 1 && labels[i + 1] !== wanted);
    if (isEdge) out[i] = 1;
  }
  return out;
}

function discOf(radiusPx: number): readonly (readonly [dy: number, dx: number])[] {
  const reach = Math.floor(radiusPx);
  const offsets: [number, number][] = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      if (dy * dy + dx * dx <= radiusPx * radiusPx) offsets.push([dy, dx]);
    }
  }
  return offsets;
}

function dilated(mask: Uint8Array, disc: ReturnType<typeof discOf>, { height, width }: Size): Uint8Array {
  const out = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const [y, x] = [Math.floor(i / width), i % width];
    for (const [dy, dx] of disc) {
      if (y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width) out[i + dy * width + dx] = 1;
    }
  }
  return out;
}

/** Pixels set in `mask`, and in `within` where it is given. */
function count(mask: Uint8Array, within: Uint8Array = mask): number {
  let sum = 0;
  for (let i = 0; i < mask.length; i++) sum += mask[i]! & within[i]!;
  return sum;
}
