import type { Polygon } from '../../raster/outline.ts';
import type { Contour } from './trace-contours.ts';

const headerBytes = 64;
const version = 228;
const types = { polygon: 0, rectangle: 1 } as const;
const subPixel = 128;
/** Segments of a composite: their code, with the coordinates they take. */
const segments = { moveTo: 0, lineTo: 1, close: 4 } as const;
/** ImageJ keeps coordinates in 16 bits, beyond that only as floats. */
const shortMost = 32767;
const countMost = 65535;

export interface RoiOptions {
  /** Size of a pixel of the labels in pixels of the finest level, along x and y. */
  readonly pixelSize: readonly [x: number, y: number];
  /** Whether the image has slices or time points, so that the ROI lies on one. */
  readonly isStack: boolean;
}

/**
 * A contour as an ImageJ ROI: a polygon; where it has holes or several pieces, a composite.
 *
 * @returns  the bytes of a `.roi` file; ImageJ's ROI Manager opens a ZIP archive of them
 * Source: ImageJ 1.53, ij.io.RoiEncoder and ij.io.RoiDecoder (public domain)
 */
export function encodeRoi(contour: Contour, options: RoiOptions): Uint8Array {
  const name = roiName(contour, options);
  const scaled = contour.polygons.map((polygon) => scale(polygon, options.pixelSize));
  const [only] = scaled;
  const isPlain = scaled.length === 1 && only !== undefined && only.length === 1;
  const body = isPlain ? polygonBody(only[0]!) : compositeBody(scaled);
  const header2 = headerBytes + body.bytes.length;
  const bytes = new Uint8Array(header2 + headerBytes + 2 * name.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('Iout'));
  view.setInt16(4, version);
  view.setUint8(6, body.type);
  boundsOf(scaled.flat()).forEach((bound, i) => {
    view.setInt16(8 + 2 * i, bound);
  });
  body.writeHeader(view);
  bytes.set(body.bytes, headerBytes);
  view.setInt32(60, header2);
  if (options.isStack) {
    view.setInt32(header2 + 8, contour.z + 1);
    view.setInt32(header2 + 12, contour.t + 1);
  }
  view.setInt32(header2 + 16, header2 + headerBytes);
  view.setInt32(header2 + 20, name.length);
  [...name].forEach((letter, i) => {
    view.setUint16(header2 + headerBytes + 2 * i, letter.charCodeAt(0));
  });
  return bytes;
}

/** Unique in an archive: `7`, in a stack `t0-z4-7`. */
export function roiName({ id, t, z }: Contour, { isStack }: Pick<RoiOptions, 'isStack'>): string {
  return isStack ? `t${t}-z${z}-${id}` : String(id);
}

interface Body {
  readonly type: number;
  readonly bytes: Uint8Array;
  writeHeader(view: DataView): void;
}

function scale({ outer, holes }: Polygon, [width, height]: readonly [number, number]): number[][] {
  return [outer, ...holes].map((ring) => ring.map((value, i) => value * (i % 2 === 0 ? width : height)));
}

/** Top, left, bottom, right. */
function boundsOf(rings: readonly (readonly number[])[]): [number, number, number, number] {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      bounds[0] = Math.min(bounds[0], ring[i + 1]!);
      bounds[1] = Math.min(bounds[1], ring[i]!);
      bounds[2] = Math.max(bounds[2], ring[i + 1]!);
      bounds[3] = Math.max(bounds[3], ring[i]!);
    }
  }
  return bounds;
}

/** Corners relative to the bounds as 16-bit numbers; as floats too where these do not hold them. */
function polygonBody(ring: readonly number[]): Body {
  const count = ring.length / 2;
  const [top, left] = boundsOf([ring]);
  const isWide = ring.some((value) => value > shortMost || !Number.isInteger(value));
  const bytes = new Uint8Array((isWide ? 12 : 4) * count);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    const [x, y] = [ring[2 * i]!, ring[2 * i + 1]!];
    view.setInt16(2 * i, x - left);
    view.setInt16(2 * (count + i), y - top);
    if (!isWide) continue;
    view.setFloat32(4 * (count + i), x);
    view.setFloat32(4 * (2 * count + i), y);
  }
  return {
    type: types.polygon,
    bytes,
    writeHeader(header) {
      if (count > countMost) header.setInt32(18, count);
      else header.setUint16(16, count);
      if (isWide) header.setInt16(50, subPixel);
    },
  };
}

function compositeBody(polygons: readonly (readonly (readonly number[])[])[]): Body {
  const floats = polygons.flat().flatMap((ring) => {
    const corners: number[] = [];
    for (let i = 0; i < ring.length; i += 2) {
      corners.push(i === 0 ? segments.moveTo : segments.lineTo, ring[i]!, ring[i + 1]!);
    }
    return [...corners, segments.close];
  });
  const bytes = new Uint8Array(4 * floats.length);
  const view = new DataView(bytes.buffer);
  floats.forEach((value, i) => {
    view.setFloat32(4 * i, value);
  });
  return {
    type: types.rectangle,
    bytes,
    writeHeader: (header) => header.setInt32(36, floats.length),
  };
}
