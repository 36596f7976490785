import { axisIndex, type LazyArray, type LazyPyramid } from '../../array/lazy-array.ts';
import { type PlaneIndex, readPlane } from '../../array/plane.ts';
import type { OmeChannel, OmeImage } from '../../ome/ome-image.ts';
import type { LabelId, OmeLabel } from '../../ome/open-label.ts';
import { paletteColor, parseHexColor } from '../../session-colors.ts';

/** A picture of one slice with the outlines of its labels. */
export interface Thumbnail {
  /** uint8 [height, width, 3] */
  readonly rgb: Uint8Array;
  readonly heightPx: number;
  readonly widthPx: number;
  /** Pixels of each id that is there, largest first. */
  readonly counts: readonly (readonly [id: LabelId, pixels: number])[];
}

interface Size {
  readonly heightPx: number;
  readonly widthPx: number;
}

/** Rows of a level read at once. */
const stripRows = 256;

/**
 * @param channels  of an image whose contrast all pictures of a sheet share
 * @param sizePx    longer side at most
 */
export async function thumbnailOf(
  image: OmeImage,
  label: OmeLabel,
  at: { readonly z: number; readonly t: number },
  {
    channels,
    sizePx,
    signal,
  }: { readonly channels: readonly OmeChannel[]; readonly sizePx: number; readonly signal: AbortSignal },
): Promise<Thumbnail> {
  const level = levelFor(image.pixels, sizePx);
  const size = fitted(level, sizePx);
  const rgb = new Float32Array(size.heightPx * size.widthPx * 3);
  const isAnyActive = channels.some(({ active }) => active);
  for (const [c, { color, active, window }] of channels.entries()) {
    if (isAnyActive ? !active : c > 0) continue;
    const plane = await meanPlane(level, { ...at, c }, size, signal);
    addChannel(rgb, plane, parseHexColor(color), window);
  }
  const picture = Uint8Array.from(rgb, (value) => Math.round(255 * Math.min(1, value)));
  const ids = await idPlane(levelFor(label.pyramid, sizePx), at, size, signal);
  drawOutlines(picture, ids, size, label);
  return { rgb: picture, ...size, counts: countsOf(ids) };
}

/** The coarsest level that is not smaller than the picture. */
function levelFor(pyramid: LazyPyramid, sizePx: number): LazyArray {
  const isLarge = (level: LazyArray) => Math.max(sideOf(level, 'y'), sideOf(level, 'x')) >= sizePx;
  return [...pyramid].reverse().find(isLarge) ?? pyramid[0]!;
}

function sideOf(level: LazyArray, name: string): number {
  return level.shape[axisIndex(level.axes, name)] ?? 1;
}

function fitted(level: LazyArray, sizePx: number): Size {
  const [height, width] = [sideOf(level, 'y'), sideOf(level, 'x')];
  const factor = Math.min(1, sizePx / Math.max(height, width));
  return {
    heightPx: Math.max(1, Math.round(height * factor)),
    widthPx: Math.max(1, Math.round(width * factor)),
  };
}

/** Mean of the pixels under each pixel of the picture; read in strips. */
async function meanPlane(
  level: LazyArray,
  at: PlaneIndex,
  { heightPx, widthPx }: Size,
  signal: AbortSignal,
): Promise<Float32Array> {
  const [height, width] = [sideOf(level, 'y'), sideOf(level, 'x')];
  const sums = new Float64Array(heightPx * widthPx);
  const counts = new Uint32Array(heightPx * widthPx);
  for (let y0 = 0; y0 < height; y0 += stripRows) {
    const y1 = Math.min(height, y0 + stripRows);
    const { data } = await readPlane(level, at, { y0, y1, x0: 0, x1: width }, { signal });
    for (let y = y0; y < y1; y++) {
      const row = Math.floor((y * heightPx) / height) * widthPx;
      for (let x = 0; x < width; x++) {
        const value = Number(data[(y - y0) * width + x]);
        if (!Number.isFinite(value)) continue;
        const target = row + Math.floor((x * widthPx) / width);
        sums[target] = sums[target]! + value;
        counts[target] = counts[target]! + 1;
      }
    }
  }
  return Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[i]!));
}

function addChannel(
  rgb: Float32Array,
  plane: Float32Array,
  color: readonly [number, number, number],
  { start, end }: { readonly start: number; readonly end: number },
): void {
  plane.forEach((value, i) => {
    const share = Math.min(1, Math.max(0, (value - start) / (end - start)));
    color.forEach((part, c) => {
      rgb[3 * i + c] = rgb[3 * i + c]! + (share * part) / 255;
    });
  });
}

/** The id at the centre of each pixel of the picture. */
async function idPlane(
  level: LazyArray,
  at: PlaneIndex,
  { heightPx, widthPx }: Size,
  signal: AbortSignal,
): Promise<LabelId[]> {
  const [height, width] = [sideOf(level, 'y'), sideOf(level, 'x')];
  const columns = Array.from({ length: widthPx }, (_, x) => Math.floor(((x + 0.5) * width) / widthPx));
  const ids: LabelId[] = [];
  let strip: { readonly y0: number; readonly data: ArrayLike<LabelId> } | undefined;
  for (let row = 0; row < heightPx; row++) {
    const y = Math.floor(((row + 0.5) * height) / heightPx);
    const y0 = y - (y % stripRows);
    if (strip?.y0 !== y0) {
      const region = { y0, y1: Math.min(height, y0 + stripRows), x0: 0, x1: width };
      strip = { y0, data: (await readPlane(level, at, region, { signal })).data };
    }
    for (const x of columns) ids.push(strip.data[(y - y0) * width + x]!);
  }
  return ids;
}

/** Pixels of a label that have a neighbour of another, in the label's colour. */
function drawOutlines(
  rgb: Uint8Array,
  ids: readonly LabelId[],
  { heightPx, widthPx }: Size,
  label: OmeLabel,
): void {
  ids.forEach((id, i) => {
    if (Number(id) === 0) return;
    const x = i % widthPx;
    const y = (i - x) / widthPx;
    const isEdge =
      (x > 0 && ids[i - 1] !== id) ||
      (x + 1 < widthPx && ids[i + 1] !== id) ||
      (y > 0 && ids[i - widthPx] !== id) ||
      (y + 1 < heightPx && ids[i + widthPx] !== id);
    if (isEdge) rgb.set(colorOf(label, id), 3 * i);
  });
}

/** Of a label without a colour of its own: one of the palette. */
export function colorOf(label: OmeLabel, id: LabelId): readonly [number, number, number] {
  const color = label.colors.get(id);
  return color === undefined ? paletteColor(1 + Number(BigInt(id) % 8n)) : [color[0], color[1], color[2]];
}

function countsOf(ids: readonly LabelId[]): [LabelId, number][] {
  const counts = new Map<LabelId, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([id]) => Number(id) !== 0).sort((a, b) => b[1] - a[1]);
}
