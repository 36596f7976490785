/**
 * Colours that people with any colour vision can tell apart, for classes and clusters; they repeat after
 * eight. Source: Okabe & Ito, Color Universal Design, 2008 (black replaced by grey).
 */
const palette = ['e69f00', '56b4e9', '009e73', 'f0e442', '0072b2', 'd55e00', 'cc79a7', '999999'] as const;

/** Red, green, blue (0 to 255) of id 1, 2, … */
export function paletteColor(id: number): readonly [number, number, number] {
  return parseHexColor(palette[(id - 1) % palette.length] ?? palette[0]);
}

/** The colour, or the first of the palette that none of these (`rrggbb`) is; where all are taken it is repeated. */
export function unusedColor(
  wished: readonly [number, number, number],
  taken: readonly string[],
): readonly [number, number, number] {
  const isFree = (color: readonly [number, number, number]) => !taken.includes(formatHexColor(color));
  if (isFree(wished)) return wished;
  return palette.map((_, i) => paletteColor(i + 1)).find(isFree) ?? wished;
}

/** `rrggbb` (a leading # is allowed) as 0 to 255 each; anything else is black. */
export function parseHexColor(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex.replace(/^#/, ''), 16);
  if (Number.isNaN(value)) return [0, 0, 0];
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Red, green, blue (0 to 255) as `rrggbb`. */
export function formatHexColor(color: readonly [number, number, number]): string {
  return color.map((value) => value.toString(16).padStart(2, '0')).join('');
}
