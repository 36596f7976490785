/** A linear map from values to places in a drawing, with round ticks. */
export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Decimals that tell the ticks apart. */
  readonly decimals: number;
}

/**
 * @param domain  low below high
 * @param range   places of its ends, in units of the drawing
 * @param count   about how many ticks
 */
export function linearScale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  count = 5,
): Scale {
  const step = roundStep((high - low) / count);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(12)));
  const place = (value: number): number => from + ((value - low) / (high - low)) * (to - from);
  return Object.assign(place, { domain: [low, high] as const, ticks, decimals });
}

/** 1, 2 or 5 times a power of ten, the nearest by ratio. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  const factor = share < Math.sqrt(2) ? 1 : share < Math.sqrt(10) ? 2 : share < Math.sqrt(50) ? 5 : 10;
  return factor * power;
}

/**
 * The range of values, widened to whole ticks; a range of one value is widened by as much on both sides.
 *
 * @param within  what is to be in it at least
 */
export function niceDomain(values: readonly number[], within: readonly number[] = []): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of [...within, ...values]) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!Number.isFinite(low)) return [0, 1];
  if (high - low < 1e-12 * Math.max(1, Math.abs(high))) {
    const room = Math.abs(high) > 0 ? Math.abs(high) / 2 : 1;
    [low, high] = [low - room, high + room];
  }
  const step = roundStep((high - low) / 5);
  return [
    Number((Math.floor(low / step + 1e-9) * step).toFixed(12)),
    Number((Math.ceil(high / step - 1e-9) * step).toFixed(12)),
  ];
}
