/** Weight of a border pixel's neighbourhood: 1, √2 and (1 + √2) / 2 by its index in {@link perimeterOf}'s counts. */
const weights = [1, Math.SQRT2, (1 + Math.SQRT2) / 2] as const;

/**
 * Which weight a border pixel has, by 2 for each of its border pixels beside it and 10 for each across a corner, with 1 for
 * itself; none where the sum is not listed.
 *
 * Source: Benkrid, Crookes & Benkrid, Design and FPGA implementation of a perimeter estimator, 2000; as scikit-image has it
 */
const kinds = new Map<number, 0 | 1 | 2>([
  [5, 0],
  [7, 0],
  [15, 0],
  [17, 0],
  [25, 0],
  [27, 0],
  [21, 1],
  [33, 1],
  [13, 2],
  [23, 2],
]);

/** Pixels around those visited that have a say in their weights. */
export const perimeterMargin = 2;

/** Perimeter in pixels from the number of border pixels of each weight; `skimage.measure.perimeter(mask, 4)`. */
export function perimeterOf(counts: readonly [number, number, number]): number {
  return counts[0] * weights[0] + counts[1] * weights[1] + counts[2] * weights[2];
}

/**
 * Visit the border pixels of all objects of a plane that have a weight.
 *
 * @param ids     [height, width]; 0 is no object. Beyond it there is none either, so that a part of an image must come with
 *                {@link perimeterMargin} pixels around what is visited
 * @param core    half-open rectangle that is visited
 * @param visit   gets the id and the index of the weight
 */
export function visitPerimeters(
  ids: Uint32Array,
  [height, width]: readonly [height: number, width: number],
  core: { readonly y0: number; readonly y1: number; readonly x0: number; readonly x1: number },
  visit: (id: number, kind: 0 | 1 | 2) => void,
): void {
  const at = (y: number, x: number): number =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : ids[y * width + x]!;
  const isBorder = (id: number, y: number, x: number): boolean =>
    at(y, x) === id &&
    !(at(y - 1, x) === id && at(y + 1, x) === id && at(y, x - 1) === id && at(y, x + 1) === id);
  for (let y = core.y0; y < core.y1; y++) {
    for (let x = core.x0; x < core.x1; x++) {
      const id = ids[y * width + x]!;
      if (id === 0 || !isBorder(id, y, x)) continue;
      let sum = 1;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const worth = dy !== 0 && dx !== 0 ? 10 : 2;
          if ((dy !== 0 || dx !== 0) && isBorder(id, y + dy, x + dx)) sum += worth;
        }
      }
      const kind = kinds.get(sum);
      if (kind !== undefined) visit(id, kind);
    }
  }
}
