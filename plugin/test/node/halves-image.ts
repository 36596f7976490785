import { join } from 'node:path';
import { imageAttributes, jsonBytes } from '../../src/ome/write.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';

export const [height, width] = [64, 72];

/** Dark and bright halves with texture; pixels of `nm` nanometres. */
export async function writeHalves(folder: string, path: string, nm = 50, factor = 1): Promise<string> {
  const store = createNodeStore(join(folder, path));
  const [h, w] = [height * factor, width * factor];
  const writer = createArrayWriter(store, '/0', {
    zarrFormat: 3,
    shape: [h, w],
    chunkShape: [h, w],
    dtype: 'uint8',
    compression: 'zstd',
  });
  const data = Uint8Array.from({ length: h * w }, (_, i) => {
    const [y, x] = [Math.floor(i / w / factor), Math.floor((i % w) / factor)];
    return (x < width / 2 ? 40 : 200) + ((7 * x + 13 * y) % 11);
  });
  await writer.writeChunk([0, 0], { data, shape: [h, w] });
  await writer.finish();
  const space = { type: 'space', unit: 'nanometer' };
  const attributes = imageAttributes({
    version: '0.5',
    name: path,
    axes: [
      { name: 'y', ...space },
      { name: 'x', ...space },
    ],
    datasets: [{ path: '0', transform: { scale: [nm, nm], translation: [0, 0] } }],
    downscaling: { type: 'none', metadata: {} },
  });
  await store.set('/zarr.json', jsonBytes({ zarr_format: 3, node_type: 'group', attributes }));
  return join(folder, path);
}
