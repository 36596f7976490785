/** Pixels of each true class (row) that were given each class (column). */
export interface Confusion {
  readonly classes: number;
  /** float64 [classes, classes]: counts of a whole data set stay exact up to 2⁵³. */
  readonly counts: Float64Array;
}

export function createConfusion(classes: number): Confusion {
  return { classes, counts: new Float64Array(classes ** 2) };
}

/**
 * Count an image's pixels; those whose true class is not below `classes` (void, not annotated) are left out.
 *
 * @param truth      class of each pixel
 * @param predicted  class of each pixel, below `classes`
 */
export function addToConfusion(
  confusion: Confusion,
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
): void {
  const { classes, counts } = confusion;
  for (let i = 0; i < truth.length; i++) {
    const actual = truth[i]!;
    if (actual < classes) counts[actual * classes + predicted[i]!]! += 1;
  }
}

/**
 * Intersection over union of each class.
 *
 * @returns  null for a class that is neither in the truth nor in the prediction, and so does not count
 */
export function iousOf({ classes, counts }: Confusion): (number | null)[] {
  return Array.from({ length: classes }, (_, k) => {
    let [row, col] = [0, 0];
    for (let j = 0; j < classes; j++) {
      row += counts[k * classes + j]!;
      col += counts[j * classes + k]!;
    }
    const both = counts[k * classes + k]!;
    return row + col === 0 ? null : both / (row + col - both);
  });
}

/** Share of the counted pixels that got their class; NaN where none was counted. */
export function accuracyOf({ classes, counts }: Confusion): number {
  let right = 0;
  for (let k = 0; k < classes; k++) right += counts[k * classes + k]!;
  return right / counts.reduce((sum, count) => sum + count, 0);
}

/** Mean of what counts; NaN where nothing does. */
export function meanOf(values: readonly (number | null)[]): number {
  const counted = values.filter((value) => value !== null);
  return counted.reduce((sum, value) => sum + value, 0) / counted.length;
}
