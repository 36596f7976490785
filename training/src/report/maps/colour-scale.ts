/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Viridis at tenths: even steps look even, also in grey and to the colour-blind. Source: Smith, van der Walt, matplotlib. */
const VIRIDIS = [
  '#440154',
  '#482475',
  '#414487',
  '#355f8d',
  '#2a788e',
  '#21918c',
  '#22a884',
  '#44bf70',
  '#7ad151',
  '#bddf26',
  '#fde725',
].map(rgbOf);

/** The paper's colours of clusters (IBM's, told apart under every kind of colour blindness), then Okabe and Ito's. */
const LABELS = ['#648fff', '#ffb000', '#dc267f', '#785ef0', '#fe6100', '#009e73', '#56b4e9', '#f0e442'].map(
  rgbOf,
);

export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** @param share  0 to 1; beyond it the ends */
export function viridis(share: number): Rgb {
  const at = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1);
  const index = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const [a, b] = [VIRIDIS[index]!, VIRIDIS[index + 1]!];
  const mixed = (k: 0 | 1 | 2): number => Math.round(a[k] + (b[k] - a[k]) * (at - index));
  return [mixed(0), mixed(1), mixed(2)];
}

/** Of a cluster: eight that everybody tells apart; further ones are darker and lighter turns of them. */
export function labelColour(label: number): Rgb {
  const [r, g, b] = LABELS[label % LABELS.length]!;
  const shade = [1, 0.6, 0.35, 0.8][Math.floor(label / LABELS.length) % 4]!;
  return [Math.round(r * shade), Math.round(g * shade), Math.round(b * shade)];
}
