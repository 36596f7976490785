const bins = 256;

/**
 * The greatest value of the lower class, where a histogram of 256 bins is split into two classes of least variance within.
 *
 * Source: Otsu, A threshold selection method from gray-level histograms, 1979
 */
export function otsuThreshold(values: ArrayLike<number>): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]!);
    most = Math.max(most, values[i]!);
  }
  if (!(most > least)) return least;
  const counts = new Float64Array(bins);
  const greatest = new Float64Array(bins).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.min(bins - 1, Math.floor(((values[i]! - least) / (most - least)) * bins));
    counts[bin]!++;
    greatest[bin] = Math.max(greatest[bin]!, values[i]!);
  }
  const centre = (bin: number) => least + ((bin + 0.5) / bins) * (most - least);
  const total = counts.reduce((sum, count, bin) => sum + count * centre(bin), 0);
  let [below, sum, best, threshold] = [0, 0, -1, least];
  for (let bin = 0; bin < bins - 1; bin++) {
    below += counts[bin]!;
    sum += counts[bin]! * centre(bin);
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sum / below - (total - sum) / above) ** 2;
    // Of the empty bins after it none is better.
    if (between > best) [best, threshold] = [between, greatest[bin]!];
  }
  return threshold;
}
