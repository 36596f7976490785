import { axisIndex, type LazyArray, type Transform } from '../../array/lazy-array.ts';
import { AlibiError } from '../../errors.ts';

/**
 * `[x0, y0, x1, y1]`, half-open, in the plane that is drawn: its unit is a pixel of the finest level of the
 * image, the shorter side of one where pixels are not square (see {@link pixelStretch}).
 */
export type Box = readonly [number, number, number, number];

/** Where the elements of an array lie in the plane that is drawn: `plane = scale · index + offset`, per edge. */
export interface Placement {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly offsetX: number;
  readonly offsetY: number;
  /** Along z, where levels may be coarser too. */
  readonly scaleZ: number;
  readonly offsetZ: number;
}

/** One level as it is drawn: an array, where it lies, and how it is cut into tiles. */
export interface DrawLevel extends Placement {
  readonly pixels: LazyArray;
  readonly imageLevel: number;
  /** Finest pixels a pixel of the image level: what the zoom is compared with, also for tokens. */
  readonly pixelScale: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** 1 where the array has no axis z. */
  readonly slices: number;
  /** Elements of a tile; tiles at the far edges are smaller. */
  readonly tileWidthPx: number;
  readonly tileHeightPx: number;
  readonly cols: number;
  readonly rows: number;
}

export interface ImageGeometry {
  /** Finest first. */
  readonly pixels: readonly LazyArray[];
}

/** Pixels whose sides differ by less than this part are square: rounding in the file. */
const squareWithin = 0.005;

/**
 * Sides of a pixel as it is drawn: in its physical proportion, the shorter side 1. Where x and y have
 * different units nothing is known of it, and pixels are square.
 */
export function pixelStretch(finest: LazyArray): { readonly x: number; readonly y: number } {
  const [x, y] = (['x', 'y'] as const).map((name) => {
    const axis = axisIndex(finest.axes, name);
    return { sizeIn: Math.abs(finest.transform.scale[axis] ?? 1), unit: finest.axes[axis]?.unit };
  });
  if (x === undefined || y === undefined || x.unit !== y.unit) return { x: 1, y: 1 };
  const shorter = Math.min(x.sizeIn, y.sizeIn);
  const longer = Math.max(x.sizeIn, y.sizeIn);
  if (!(shorter > 0 && Number.isFinite(longer)) || longer / shorter - 1 < squareWithin) return { x: 1, y: 1 };
  return { x: x.sizeIn / shorter, y: y.sizeIn / shorter };
}

/**
 * Placement of every level of an image, whatever the factors between levels. A translation that the file
 * gives is kept; where all levels have the same one it was not written down, and levels share their corner.
 */
export function imagePlacements(image: ImageGeometry): Placement[] {
  const finest = image.pixels[0];
  if (finest === undefined) return [];
  const stretch = pixelStretch(finest);
  const along = (level: LazyArray, name: 'x' | 'y' | 'z') => {
    const base = spot(finest, name);
    const here = spot(level, name);
    const ratio = here.scale / base.scale;
    const byShape = base.size / here.size;
    // Versions before 0.4 say nothing of scale: all are 1 although the shapes shrink.
    const scale = ratio === 1 || !(ratio > 0 && Number.isFinite(ratio)) ? byShape : ratio;
    const shift = (here.translation - base.translation) / base.scale;
    return { scale, offset: shift === 0 ? 0 : shift - 0.5 * scale + 0.5 };
  };
  return image.pixels.map((level) => {
    const x = along(level, 'x');
    const y = along(level, 'y');
    const z = along(level, 'z');
    return {
      scaleX: x.scale * stretch.x,
      scaleY: y.scale * stretch.y,
      offsetX: x.offset * stretch.x,
      offsetY: y.offset * stretch.y,
      scaleZ: z.scale,
      offsetZ: z.offset,
    };
  });
}

/**
 * Placement of an array that was made from one level of the image and carries a transform into its
 * physical space. It is placed on that level first, so that it stays on it where the level's own
 * translation is missing from the file.
 */
export function derivedPlacement(array: LazyArray, level: LazyArray, placement: Placement): Placement {
  const along = (name: 'x' | 'y' | 'z') => {
    const base = spot(level, name);
    const here = spot(array, name);
    const scale = here.scale / base.scale;
    return { scale, offset: (here.translation - base.translation) / base.scale - 0.5 * scale + 0.5 };
  };
  const x = along('x');
  const y = along('y');
  const z = along('z');
  return {
    scaleX: x.scale * placement.scaleX,
    scaleY: y.scale * placement.scaleY,
    offsetX: x.offset * placement.scaleX + placement.offsetX,
    offsetY: y.offset * placement.scaleY + placement.offsetY,
    scaleZ: z.scale * placement.scaleZ,
    offsetZ: z.offset * placement.scaleZ + placement.offsetZ,
  };
}

/**
 * Cut a level into tiles that consist of whole chunks where chunks are small, and of a part of one where
 * they are large.
 *
 * @param options.tilePx      aimed-at side of a tile; 1 gives one tile a chunk
 * @param options.pixelScale  default: the array's own
 */
export function drawLevel(
  pixels: LazyArray,
  imageLevel: number,
  placement: Placement,
  options: { readonly tilePx: number; readonly pixelScale?: number },
): DrawLevel {
  const x = spot(pixels, 'x');
  const y = spot(pixels, 'y');
  const tileWidthPx = tileSide(x.chunk, options.tilePx);
  const tileHeightPx = tileSide(y.chunk, options.tilePx);
  return {
    ...placement,
    pixels,
    imageLevel,
    pixelScale: options.pixelScale ?? Math.min(placement.scaleX, placement.scaleY),
    widthPx: x.size,
    heightPx: y.size,
    slices: spot(pixels, 'z').size,
    tileWidthPx,
    tileHeightPx,
    cols: Math.ceil(x.size / tileWidthPx),
    rows: Math.ceil(y.size / tileHeightPx),
  };
}

/** Largest side of a tile: what a graphics card takes everywhere and uploads without a stutter. */
const largestTilePx = 1024;

function tileSide(chunk: number, tilePx: number): number {
  if (chunk > largestTilePx) return largestTilePx;
  return chunk * Math.max(1, Math.floor(tilePx / chunk));
}

/** The box that elements `[x0, x1) × [y0, y1)` of a level cover. */
export function elementsBox(level: Placement, x0: number, y0: number, x1: number, y1: number): Box {
  const { scaleX, scaleY, offsetX, offsetY } = level;
  return [x0 * scaleX + offsetX, y0 * scaleY + offsetY, x1 * scaleX + offsetX, y1 * scaleY + offsetY];
}

/** The slice of a level that holds the middle of slice `z` of the finest one. */
export function sliceOf(level: DrawLevel, z: number): number {
  const slice = Math.floor((z + 0.5 - level.offsetZ) / level.scaleZ);
  return Math.min(level.slices - 1, Math.max(0, slice));
}

function spot(array: LazyArray, name: 'x' | 'y' | 'z') {
  const axis = axisIndex(array.axes, name);
  const size = array.shape[axis];
  if (size === undefined) {
    if (name === 'z') return { size: 1, chunk: 1, scale: 1, translation: 0 };
    throw new AlibiError('InvalidInput', {
      what: `the array has no axis called ${name}`,
      where: 'drawing',
      remedy: 'Name its axes; one of them must be y and one x.',
    });
  }
  const transform: Transform = array.transform;
  return {
    size,
    chunk: array.chunkShape[axis] ?? size,
    scale: transform.scale[axis] ?? 1,
    translation: transform.translation[axis] ?? 0,
  };
}
