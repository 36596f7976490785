import { afterEach, expect, it } from 'vitest';
import { fastZstd } from '../../src/node/zstd.ts';
import { compress, decompress, useZstdEncoder } from '../../src/stores/compression.ts';

/** Ids in runs, as labels have them. */
const ids = new Uint8Array(Uint32Array.from({ length: 50_000 }, (_, i) => Math.floor(i / 37) * 7).buffer);

afterEach(() => useZstdEncoder(null));

it('makes frames that numcodecs reads', async () => {
  useZstdEncoder(fastZstd);
  const encoded = await compress('zstd', ids, { level: 1 });
  expect(encoded).toEqual(await fastZstd(ids, 1));
  expect(encoded.length).toBeLessThan(ids.length / 4);
  expect(new Uint8Array(await decompress('zstd', encoded))).toEqual(ids);
  // RFC 8878, 3.1.1.1.1: the frame says its size, without which zarr-python before 3 cannot read it.
  expect(encoded[4]! >> 6).toBe(2);
  expect(new DataView(encoded.buffer, encoded.byteOffset).getUint32(5, true)).toBe(ids.length);
});

it('takes the level it is asked for, and an empty chunk', async () => {
  useZstdEncoder(fastZstd);
  expect(await compress('zstd', ids, { level: 19 })).not.toEqual(await compress('zstd', ids, { level: 1 }));
  expect(await decompress('zstd', await compress('zstd', new Uint8Array(), { level: 1 }))).toHaveLength(0);
});

it('is told apart from damaged bytes when it fails', async () => {
  useZstdEncoder(() => Promise.reject(new Error('Failed to compress with code -64')));
  await expect(compress('zstd', ids, { level: 1 })).rejects.toMatchObject({
    tag: 'Environment',
    what: 'the codec "zstd" cannot run: Failed to compress with code -64',
    data: { codec: 'zstd' },
  });
});
