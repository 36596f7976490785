import type { ReadStore } from 'alibi-zarr';

const chunkPx = 512;

/**
 * An OME-Zarr 0.5 of any size whose chunks are made when read: a texture of waves, uint8, chunks of
 * 512², levels halved down to one chunk. Nothing is stored.
 */
export function syntheticImage(
  heightPx: number,
  widthPx = heightPx,
): ReadStore & { readonly reads: () => number } {
  const levels = Math.max(1, Math.ceil(Math.log2(Math.max(heightPx, widthPx) / chunkPx)) + 1);
  let reads = 0;
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const datasets = Array.from({ length: levels }, (_, level) => ({
    path: String(level),
    coordinateTransformations: [{ type: 'scale', scale: [2 ** level, 2 ** level] }],
  }));
  const axes = ['y', 'x'].map((name) => ({ name, type: 'space' }));
  const root = {
    zarr_format: 3,
    node_type: 'group',
    attributes: { ome: { version: '0.5', multiscales: [{ axes, datasets }] } },
  };
  const array = (level: number) => ({
    zarr_format: 3,
    node_type: 'array',
    shape: [Math.ceil(heightPx / 2 ** level), Math.ceil(widthPx / 2 ** level)],
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [chunkPx, chunkPx] } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [{ name: 'bytes' }],
    attributes: {},
  });
  return {
    reads: () => reads,
    async get(key) {
      if (key === '/zarr.json') return json(root);
      const metadata = /^\/(\d+)\/zarr\.json$/.exec(key);
      if (metadata !== null)
        return Number(metadata[1]) < levels ? json(array(Number(metadata[1]))) : undefined;
      const chunk = /^\/(\d+)\/c\/(\d+)\/(\d+)$/.exec(key);
      if (chunk === null) return undefined;
      reads++;
      return texture(2 ** Number(chunk[1]), Number(chunk[2]) * chunkPx, Number(chunk[3]) * chunkPx);
    },
  };
}

function texture(step: number, y0: number, x0: number): Uint8Array {
  const data = new Uint8Array(chunkPx * chunkPx);
  const wave = (position: number) => Math.sin((position * step) / 37) + Math.sin((position * step) / 211);
  const rows = Float32Array.from({ length: chunkPx }, (_, i) => 30 * wave(y0 + i));
  const cols = Float32Array.from({ length: chunkPx }, (_, i) => 30 * wave(x0 + i));
  for (let y = 0; y < chunkPx; y++) {
    for (let x = 0; x < chunkPx; x++) data[y * chunkPx + x] = 128 + rows[y]! + cols[x]!;
  }
  return data;
}
