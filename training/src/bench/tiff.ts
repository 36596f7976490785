import { AlibiError } from 'alibi-zarr/checkpoint';
import { fromFile, type GeoTIFF, type GeoTIFFImage } from 'geotiff';
import type { ColourImage } from './png.ts';

/** What a camera or a scanner makes, not what a damaged or hostile header claims. */
const PIXEL_LIMIT = 400e6;
const PAGE_LIMIT = 100_000;

/** Bits of the tag NewSubfileType: a smaller copy of another page, a mask of one. */
const NOT_AN_IMAGE = 0b101;

/** @returns images in the file, without smaller copies and masks of others @throws AlibiError  NotFound, InvalidInput */
export async function countTiffPages(path: string): Promise<number> {
  return withTiff(path, async (tiff) => (await pagesOf(tiff, path)).length);
}

/**
 * Reads one image of a TIFF: 1 to 16 bits or 32-bit float, grey, colour or palette, in strips or tiles, plain or compressed
 * without loss (deflate, LZW, PackBits, zstd); TIFF or BigTIFF.
 *
 * @param page  from 1
 * @returns     0…1 of what the sample type can hold; of floats and of integers above 16 bits, of the page's own range
 * @throws AlibiError  NotFound; UnsupportedFormat: another kind of TIFF; InvalidInput: no such page, a damaged file
 */
export async function readTiff(path: string, page: number): Promise<ColourImage> {
  return withTiff(path, async (tiff) => {
    const pages = await pagesOf(tiff, path);
    const image = pages[page - 1];
    if (image === undefined) throw damaged(path, `there is no page ${page} of ${pages.length}`);
    const [height, width] = [image.getHeight(), image.getWidth()];
    if (!(height > 0 && width > 0 && height * width <= PIXEL_LIMIT)) {
      throw damaged(path, `it claims ${width}×${height} pixels`);
    }
    return samplesOf(image, path);
  });
}

async function withTiff<R>(path: string, read: (tiff: GeoTIFF) => Promise<R>): Promise<R> {
  let tiff: GeoTIFF | undefined;
  try {
    tiff = await fromFile(path);
    return await read(tiff);
  } catch (cause) {
    if (cause instanceof AlibiError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw /compression|predictor/i.test(why) ? unsupported(path, why) : damaged(path, why, cause);
  } finally {
    await tiff?.close();
  }
}

async function pagesOf(tiff: GeoTIFF, where: string): Promise<GeoTIFFImage[]> {
  const pages: GeoTIFFImage[] = [];
  const seen = new Set<number>();
  for (let n = 0; ; n++) {
    if (n === PAGE_LIMIT) throw damaged(where, `it has more than ${PAGE_LIMIT} pages`);
    const image = await tiff.getImage(n).catch((cause: unknown) => {
      // The library's way to say that there is no further page.
      if (n > 0 && cause instanceof Error && /No image at index/.test(cause.message)) return undefined;
      throw cause;
    });
    if (image === undefined) return pages;
    const { StripOffsets: strips, TileOffsets: tiles } = image.fileDirectory;
    const [data] = Array.from(listOf(strips ?? tiles));
    if (data !== undefined && seen.has(data))
      throw damaged(where, `its pages go round: page ${n + 1} was there before`);
    if (data !== undefined) seen.add(data);
    const kind: unknown = image.fileDirectory.NewSubfileType;
    if (typeof kind !== 'number' || (kind & NOT_AN_IMAGE) === 0) pages.push(image);
  }
}

/** Photometric interpretations: grey from white, grey from black, colour, palette, and JPEG's colours. */
const [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE] = [0, 1, 2, 3] as const;

async function samplesOf(image: GeoTIFFImage, where: string): Promise<ColourImage> {
  const photometric: unknown = image.fileDirectory.PhotometricInterpretation;
  const [height, width] = [image.getHeight(), image.getWidth()];
  if (photometric === PALETTE) {
    const data = Float32Array.from(
      await interleaved(image.readRGB({ interleave: true })),
      (value) => value / 255,
    );
    return { height, width, channels: 3, white: 255, data };
  }
  const stored = image.getSamplesPerPixel();
  const extra: unknown = image.fileDirectory.ExtraSamples;
  const alpha = extra === undefined ? 0 : Array.from(listOf(extra)).length;
  const channels = photometric === RGB ? 3 : 1;
  const isGrey = photometric === WHITE_IS_ZERO || photometric === BLACK_IS_ZERO;
  if (!(isGrey || photometric === RGB) || stored - alpha !== channels || alpha > 1) {
    throw unsupported(
      where,
      `its colours are stored in a way that is not read here (photometric ${photometric}, ${stored} samples)`,
    );
  }
  const samples = Array.from({ length: channels }, (_, c) => c);
  const values = await interleaved(image.readRasters({ interleave: true, samples }));
  const { low, high, white } = rangeOf(image, values, where);
  const data = Float32Array.from(values, (value) => (value - low) / (high - low));
  if (photometric === WHITE_IS_ZERO) for (let i = 0; i < data.length; i++) data[i] = 1 - (data[i] ?? 0);
  return { height, width, channels, white, data };
}

/** Between what the values lie, and how many steps that has. */
function rangeOf(
  image: GeoTIFFImage,
  values: ArrayLike<number>,
  where: string,
): { readonly low: number; readonly high: number; readonly white: number } {
  const bits: unknown = image.getBitsPerSample();
  const format: unknown = image.getSampleFormat();
  if (format === 1 && typeof bits === 'number' && bits <= 16) {
    const white = 2 ** bits - 1;
    return { low: 0, high: white, white };
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (!Number.isFinite(value)) throw damaged(where, 'some of its values are not numbers');
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high: high > low ? high : low + 1, white: 2 ** 24 };
}

async function interleaved(reading: Promise<unknown>): Promise<ArrayLike<number>> {
  const values = await reading;
  if (ArrayBuffer.isView(values) && !(values instanceof DataView)) return listOf(values);
  throw new TypeError('interleaved samples are one array');
}

function listOf(value: unknown): ArrayLike<number> {
  if (typeof value === 'number') return [value];
  if (value instanceof Uint8Array || value instanceof Uint16Array || value instanceof Uint32Array)
    return value;
  if (value instanceof Int8Array || value instanceof Int16Array || value instanceof Int32Array) return value;
  if (value instanceof Uint8ClampedArray || value instanceof Float32Array || value instanceof Float64Array)
    return value;
  return Array.isArray(value) ? value : [];
}

function unsupported(where: string, what: string): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what,
    where,
    remedy:
      'Save it as grey or RGB with 8 or 16 bits, without compression or with LZW or deflate; several channels as OME-Zarr.',
  });
}

function damaged(where: string, why: string, cause?: unknown): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `the TIFF cannot be read: ${why}`,
    where,
    remedy: 'Save it again.',
    cause,
  });
}
