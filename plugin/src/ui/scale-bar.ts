/** Metres of the UDUNITS names that OME-Zarr recommends and microscopes use. */
const metres: Readonly<Record<string, number>> = {
  picometer: 1e-12,
  angstrom: 1e-10,
  nanometer: 1e-9,
  micrometer: 1e-6,
  millimeter: 1e-3,
  centimeter: 1e-2,
  meter: 1,
  kilometer: 1e3,
};
const prefixes = [
  ['km', 1e3],
  ['m', 1],
  ['mm', 1e-3],
  ['µm', 1e-6],
  ['nm', 1e-9],
  ['pm', 1e-12],
] as const;

export interface ScaleBar {
  readonly widthPx: number;
  readonly text: string;
}

/**
 * The longest bar of 1, 2 or 5 times a power of ten that fits.
 *
 * @param unitsPerPx  physical size of one screen pixel, in `unit`
 * @param unit        UDUNITS name; unknown or absent: the number is shown with the name as it is, or in px
 */
export function scaleBar(unitsPerPx: number, unit: string | undefined, longestPx: number): ScaleBar {
  const metre = unit === undefined ? undefined : metres[unit];
  const perPx = unitsPerPx * (metre ?? 1);
  const longest = perPx * longestPx;
  const power = 10 ** Math.floor(Math.log10(longest));
  const step = [5, 2, 1].find((factor) => factor * power <= longest * (1 + 1e-9)) ?? 1;
  const length = step * power;
  const widthPx = length / perPx;
  if (metre === undefined) return { widthPx, text: `${plain(length)} ${unit ?? 'px'}` };
  return { widthPx, text: formatLength(length) };
}

/** A length in metres with the prefix that keeps the number between 1 and 1000. */
export function formatLength(lengthM: number): string {
  const [name, size] =
    prefixes.find(([, factor]) => lengthM >= factor * 0.9999) ?? prefixes[prefixes.length - 1]!;
  return `${plain(lengthM / size)} ${name}`;
}

/** The size of something along an axis, in words: `12.5 nm`; without a unit, the number. */
export function formatSize(value: number, unit: string | undefined): string {
  const metre = unit === undefined ? undefined : metres[unit];
  if (metre === undefined) return `${plain(value)}${unit === undefined ? '' : ` ${unit}`}`;
  return formatLength(value * metre);
}

/** A position in an axis' unit, in words: `12.25 µm`. */
export function formatPosition(value: number, unit: string | undefined): string {
  const short = unit === undefined ? '' : unitSymbol(unit);
  return `${value.toFixed(2)}${short === '' ? '' : ` ${short}`}`;
}

/** `µm` of `micrometer`; a unit that has no short name as it is. */
export function unitSymbol(unit: string): string {
  return prefixes.find(([, size]) => size === metres[unit])?.[0] ?? unit;
}

function plain(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
