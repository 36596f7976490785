/** Thresholds of the mean, as in the 2018 Data Science Bowl and COCO. */
const thresholds = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] as const;

export interface AveragePrecision {
  /** At an intersection over union of 0.5. */
  readonly ap50: number;
  /** Mean over 0.5, 0.55, … 0.95. */
  readonly meanAp: number;
  readonly predicted: number;
  readonly actual: number;
}

/**
 * TP / (TP + FP + FN) of objects, where a predicted and an actual one match if their intersection over union exceeds the
 * threshold: from one half on such a match is the only one of both. 1 where there are no objects at all.
 *
 * @param predicted  ids, 0 for none
 * @param actual     of the same length
 * Source: stardist.matching (Schmidt et al. 2018), which calls it accuracy, and `average precision` in their paper
 */
export function averagePrecision(
  predicted: ArrayLike<number | bigint>,
  actual: ArrayLike<number | bigint>,
): AveragePrecision {
  if (predicted.length !== actual.length) {
    throw new Error(`${predicted.length} predicted and ${actual.length} actual pixels`);
  }
  const sizes = { predicted: new Map<number, number>(), actual: new Map<number, number>() };
  const both = new Map<string, number>();
  const add = <K>(counts: Map<K, number>, key: K) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (let i = 0; i < predicted.length; i++) {
    const [a, b] = [Number(predicted[i]), Number(actual[i])];
    if (a !== 0) add(sizes.predicted, a);
    if (b !== 0) add(sizes.actual, b);
    if (a !== 0 && b !== 0) add(both, `${a} ${b}`);
  }
  const overlaps = [...both].map(([pair, count]) => {
    const [a = 0, b = 0] = pair.split(' ').map(Number);
    return count / (sizes.predicted.get(a)! + sizes.actual.get(b)! - count);
  });
  const total = sizes.predicted.size + sizes.actual.size;
  const at = (threshold: number): number => {
    // At exactly one half an object could match two; beyond, it cannot.
    const matches = overlaps.filter((overlap) => overlap > threshold).length;
    return total === 0 ? 1 : matches / (total - matches);
  };
  return {
    ap50: at(0.5),
    meanAp: thresholds.reduce((sum, threshold) => sum + at(threshold), 0) / thresholds.length,
    predicted: sizes.predicted.size,
    actual: sizes.actual.size,
  };
}
