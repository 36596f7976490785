import type { BenchMap } from 'alibi-zarr-schemas';
import { encode } from 'fast-png';
import { labelColour, type Rgb, viridis } from './colour-scale.ts';

/** A picture as a page carries it. */
export interface PageImage {
  readonly width: number;
  readonly height: number;
  /** `data:image/png;base64,…` */
  readonly src: string;
}

/** @returns float64 [rows · cols], in the map's own unit */
export function mapValues({ low, high, data }: BenchMap): Float64Array {
  return Float64Array.from(mapBytes(data), (byte) => low + ((high - low) * byte) / 255);
}

function mapBytes(data: string): Uint8Array {
  return Buffer.from(data, 'base64');
}

/** Values as colours. @param range  what the ends of the colours stand for */
export function heatImage(map: BenchMap, [low, high]: readonly [number, number]): PageImage {
  return coloured(map, (value) => viridis((value - low) / (high - low)));
}

/** Labels as colours. */
export function labelImage(map: BenchMap): PageImage {
  return coloured(map, (value) => labelColour(Math.round(value)));
}

export function greyImage({ rows, cols, data }: BenchMap): PageImage {
  return page(encode({ width: cols, height: rows, channels: 1, depth: 8, data: mapBytes(data) }), rows, cols);
}

/** Three maps of one shape as red, green and blue, each from its own low to its own high; fewer: the missing ones are 0. */
export function colourImage(maps: readonly BenchMap[]): PageImage {
  const [{ rows, cols } = { rows: 1, cols: 1 }] = maps;
  const data = new Uint8Array(rows * cols * 3);
  for (const [k, map] of maps.slice(0, 3).entries()) {
    const bytes = mapBytes(map.data);
    for (let i = 0; i < rows * cols; i++) data[3 * i + k] = bytes[i] ?? 0;
  }
  return page(encode({ width: cols, height: rows, channels: 3, depth: 8, data }), rows, cols);
}

/** @param data  [height, width, 4] */
export function transparentImage(data: Uint8Array, height: number, width: number): PageImage {
  return page(encode({ width, height, channels: 4, depth: 8, data }), height, width);
}

function coloured(map: BenchMap, colour: (value: number) => Rgb): PageImage {
  const values = mapValues(map);
  const data = new Uint8Array(values.length * 3);
  for (let i = 0; i < values.length; i++) data.set(colour(values[i]!), 3 * i);
  return page(encode({ width: map.cols, height: map.rows, channels: 3, depth: 8, data }), map.rows, map.cols);
}

function page(bytes: Uint8Array, height: number, width: number): PageImage {
  return { width, height, src: `data:image/png;base64,${Buffer.from(bytes).toString('base64')}` };
}
