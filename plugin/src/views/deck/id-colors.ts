/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * Colour of an id that nobody gave one: the same for the same id everywhere, far apart for neighbours.
 * The label shader computes the same hash (see {@link hashGlsl}).
 *
 * @param low   lower 32 bits of the id
 * @param high  upper 32 bits
 */
export function hashedColor(low: number, high = 0): Rgb {
  const hash = mix((low ^ mix(high)) >>> 0);
  const hue = (hash & 0xffff) / 65536;
  const value = 0.75 + 0.25 * (((hash >>> 16) & 0xff) / 255);
  const saturation = 0.55 + 0.35 * ((hash >>> 24) / 255);
  const channel = (shift: number) => {
    const wave = Math.abs(((((hue + shift) % 1) + 1) % 1) * 6 - 3) - 1;
    return Math.round(255 * value * (1 - saturation + saturation * Math.min(1, Math.max(0, wave))));
  };
  return [channel(0), channel(2 / 3), channel(1 / 3)];
}

/** A 32-bit finaliser; 0 stays 0. Source: C. Wellons, "Prospecting for Hash Functions" (lowbias32). */
function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

export const hashGlsl = `
uint idMix(uint x) {
  x ^= x >> 16u; x *= 0x7feb352du;
  x ^= x >> 15u; x *= 0x846ca68bu;
  return x ^ (x >> 16u);
}
vec3 hashedColor(uvec2 id) {
  uint hash = idMix(id.x ^ idMix(id.y));
  float hue = float(hash & 0xffffu) / 65536.;
  float value = 0.75 + 0.25 * float((hash >> 16u) & 0xffu) / 255.;
  float saturation = 0.55 + 0.35 * float(hash >> 24u) / 255.;
  vec3 wave = abs(fract(hue + vec3(0., 2. / 3., 1. / 3.)) * 6. - 3.) - 1.;
  return value * mix(vec3(1.), clamp(wave, 0., 1.), saturation);
}
`;

/** Ids a colour table can hold: one row of {@link tableWidthPx} entries each 1,024 ids. */
const largestTableId = 2 ** 22 - 1;
export const tableWidthPx = 1024;

/**
 * Colours of ids as pixels of a table: RGBA, row-major, entry of id n at n; alpha 0 marks an id without a
 * colour of its own. Ids beyond 4,194,303 do not fit and are drawn in their hashed colour.
 */
export function colorTable(colors: ReadonlyMap<number, Rgb>): {
  data: Uint8Array;
  widthPx: number;
  heightPx: number;
} {
  let largest = 0;
  for (const id of colors.keys()) if (id <= largestTableId) largest = Math.max(largest, id);
  const heightPx = Math.floor(largest / tableWidthPx) + 1;
  const data = new Uint8Array(tableWidthPx * heightPx * 4);
  for (const [id, [red, green, blue]] of colors) {
    if (id >= 0 && id <= largestTableId) data.set([red, green, blue, 255], id * 4);
  }
  return { data, widthPx: tableWidthPx, heightPx };
}
