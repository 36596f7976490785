/** How two images of classes agree. */

/** Mean over classes of the intersection over union; a class absent from both does not count. */
export function meanIou(found: ArrayLike<number>, truth: ArrayLike<number>, classes: number): number {
  const ious: number[] = [];
  for (let wanted = 0; wanted < classes; wanted++) {
    let both = 0;
    let either = 0;
    for (let i = 0; i < truth.length; i++) {
      const isFound = found[i] === wanted;
      const isTrue = truth[i] === wanted;
      if (isFound && isTrue) both++;
      if (isFound || isTrue) either++;
    }
    if (either > 0) ious.push(both / either);
  }
  return ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
}

interface Size {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/**
 * Mean over classes of F1 of their boundaries: precision is the share of found boundary pixels with a true one within
 * `tolerancePx`, recall the reverse. A pixel is boundary where a neighbour right or below is of another class. A class
 * without boundary in both does not count.
 *
 * Source: Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013.
 */
export function boundaryF1(
  found: ArrayLike<number>,
  truth: ArrayLike<number>,
  { height, width, classes }: Size,
  tolerancePx: number,
): number {
  const scores: number[] = [];
  for (let wanted = 0; wanted < classes; wanted++) {
    const ours = boundary(found, wanted, height, width);
    const theirs = boundary(truth, wanted, height, width);
    const [near, far] = [grown(ours, tolerancePx, height, width), grown(theirs, tolerancePx, height, width)];
    const precision = share(ours, far);
    const recall = share(theirs, near);
    if (Number.isNaN(precision) && Number.isNaN(recall)) continue;
    scores.push(precision > 0 && recall > 0 ? (2 * precision * recall) / (precision + recall) : 0);
  }
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function boundary(ids: ArrayLike<number>, wanted: number, height: number, width: number): Uint8Array {
  const out = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const here = ids[at] === wanted;
      const right = x + 1 < width && (ids[at + 1] === wanted) !== here;
      const below = y + 1 < height && (ids[at + width] === wanted) !== here;
      if (right || below) out[at] = 1;
    }
  }
  return out;
}

/** Pixels within a disc of one that is set. */
function grown(mask: Uint8Array, radius: number, height: number, width: number): Uint8Array {
  const out = new Uint8Array(mask.length);
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const y = Math.floor(at / width);
    const x = at % width;
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const [ny, nx] = [y + dy, x + dx];
        if (dy * dy + dx * dx <= radius * radius && ny >= 0 && ny < height && nx >= 0 && nx < width) {
          out[ny * width + nx] = 1;
        }
      }
    }
  }
  return out;
}

/** Of the pixels set in `mask`, the share set in `near`; NaN where there are none. */
function share(mask: Uint8Array, near: Uint8Array): number {
  let all = 0;
  let both = 0;
  mask.forEach((value, at) => {
    all += value;
    both += value & near[at]!;
  });
  return both / all;
}
