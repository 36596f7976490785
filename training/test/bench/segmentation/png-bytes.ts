import { crc32, deflateSync } from 'node:zlib';

/**
 * A PNG written out by hand, so that readers are tested against the format and not against a library's own writer.
 *
 * @param rows     bytes of each row, without the filter byte
 * @param palette  red, green, blue of each index
 */
export function pngBytes(o: {
  readonly width: number;
  readonly depth: number;
  readonly colourType: 0 | 2 | 3;
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly number[];
}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(o.width, 0);
  header.writeUInt32BE(o.rows.length, 4);
  header[8] = o.depth;
  header[9] = o.colourType;
  const raw = Buffer.concat(o.rows.map((row) => Buffer.from([0, ...row])));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(o.palette === undefined ? [] : [chunk('PLTE', Buffer.from(o.palette))]),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Grey of 8 bits. */
export function greyPng(width: number, values: readonly number[]): Buffer {
  return pngBytes({ width, depth: 8, colourType: 0, rows: rowsOf(values, width) });
}

/** Indices of 8 bits into a palette of 256 arbitrary colours, as VOC's labels are. */
export function palettePng(width: number, values: readonly number[]): Buffer {
  const palette = Array.from({ length: 768 }, (_, i) => (i * 37) % 256);
  return pngBytes({ width, depth: 8, colourType: 3, rows: rowsOf(values, width), palette });
}

function rowsOf(values: readonly number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, y) => values.slice(y * width, (y + 1) * width));
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
