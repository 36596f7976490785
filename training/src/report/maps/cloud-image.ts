import type { BenchMap } from 'alibi-zarr-schemas';
import { type PageImage, transparentImage } from './map-image.ts';

const SIDE = 160;
/** Of a dot in pixels. */
const RADIUS = 2;
/** Above the horizon, in degrees. */
const ELEVATION = 22;

/**
 * Every token as a dot in the space of its first three principal components, seen from one side, in the colour it has in
 * the map of components; nearer dots over farther ones.
 *
 * @param maps     three of one shape
 * @param azimuth  degrees round the third component
 */
export function cloudImage(maps: readonly BenchMap[], azimuth: number): PageImage {
  const bytes = maps.slice(0, 3).map(({ data }) => Buffer.from(data, 'base64'));
  const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = bytes;
  const scale = scaleOf(bytes);
  const dots = Array.from(first, (red, i) => {
    const colour = [red, second[i] ?? 0, third[i] ?? 0] as const;
    return { colour, ...seenFrom(colour, { azimuth, scale }) };
  }).sort((a, b) => b.depth - a.depth);
  const data = new Uint8Array(SIDE * SIDE * 4);
  for (const { x, y, colour } of dots) paint(data, { x, y, colour });
  return transparentImage(data, SIDE, SIDE);
}

/** Pixels for the side of the cube of components: nineteen in twenty dots stay inside the picture however it is turned. */
function scaleOf([first = Buffer.alloc(0), second, third]: readonly Buffer[]): number {
  const radii = Array.from(first, (red, i) =>
    Math.hypot(red / 255 - 0.5, (second?.[i] ?? 0) / 255 - 0.5, (third?.[i] ?? 0) / 255 - 0.5),
  ).sort((a, b) => a - b);
  return (SIDE / 2 - RADIUS - 1) / Math.max(0.1, radii[Math.floor(radii.length * 0.95)] ?? 1);
}

/** The cube of components from −½ to ½, turned, without perspective. */
function seenFrom(
  [r, g, b]: readonly [number, number, number],
  { azimuth, scale }: { readonly azimuth: number; readonly scale: number },
): { x: number; y: number; depth: number } {
  const [turn, tilt] = [(azimuth * Math.PI) / 180, (ELEVATION * Math.PI) / 180];
  const [x, y, z] = [r / 255 - 0.5, g / 255 - 0.5, b / 255 - 0.5];
  const across = x * Math.cos(turn) - y * Math.sin(turn);
  const along = x * Math.sin(turn) + y * Math.cos(turn);
  return {
    x: SIDE / 2 + scale * across,
    y: SIDE / 2 - scale * (z * Math.cos(tilt) + along * Math.sin(tilt)),
    depth: along * Math.cos(tilt) - z * Math.sin(tilt),
  };
}

function paint(
  data: Uint8Array,
  { x, y, colour }: { readonly x: number; readonly y: number; readonly colour: readonly number[] },
): void {
  const inside = (value: number): number => Math.max(RADIUS, Math.min(SIDE - 1 - RADIUS, Math.round(value)));
  const [cx, cy] = [inside(x), inside(y)];
  for (let dy = -RADIUS; dy <= RADIUS; dy++) {
    for (let dx = -RADIUS; dx <= RADIUS; dx++) {
      if (dx * dx + dy * dy > RADIUS * RADIUS + 1) continue;
      const at = ((cy + dy) * SIDE + cx + dx) * 4;
      data.set(colour, at);
      data[at + 3] = 255;
    }
  }
}
