/** Red, green, blue (0 to 255) of a share from 0, dark violet, to 1, yellow: of one direction, also without hues. */
export function heatColor(share: number): readonly [number, number, number] {
  return [
    Math.round(255 * Math.min(1, 0.25 + 1.1 * share)),
    Math.round(255 * share * share),
    Math.round(255 * Math.max(0, 0.5 - 0.5 * share)),
  ];
}
