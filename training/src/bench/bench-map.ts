import type { BenchMap } from 'alibi-zarr-schemas';

/**
 * A map as a result carries it.
 *
 * @param values  [rows, cols]; beyond `range` they are clipped, which is drawn and not measured
 * @param range   default: the values' own; of one value everywhere: from it to it plus 1
 */
export function benchMap(
  values: ArrayLike<number>,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  range?: readonly [low: number, high: number],
): BenchMap {
  const [low, high] = range ?? rangeOf(values);
  const bytes = Uint8Array.from({ length: rows * cols }, (_, i) =>
    Math.round(255 * Math.max(0, Math.min(1, (values[i]! - low) / (high - low)))),
  );
  return { rows, cols, low, high, data: Buffer.from(bytes).toString('base64') };
}

/** Labels of 0 to 255 as they are. */
export function labelMap(
  labels: ArrayLike<number>,
  shape: { readonly rows: number; readonly cols: number },
): BenchMap {
  return benchMap(labels, shape, [0, 255]);
}

function rangeOf(values: ArrayLike<number>): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return [low, high > low ? high : low + 1];
}
