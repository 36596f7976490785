import { describe, expect, it } from 'vitest';
import { type ZipFileEntry, type ZipFileOptions, zipFile } from '../../../test/fuzz/zip-file.ts';
import { openZipStore } from '../../src/stores/zip.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const root: ZipFileEntry = { name: 'zarr.json', data: text('{"zarr_format":3,"node_type":"group"}') };
const chunk: ZipFileEntry = { name: 'c/0', data: new Uint8Array(1000).fill(7) };

async function open(entries: readonly ZipFileEntry[], options?: ZipFileOptions) {
  return openZipStore(new Blob([zipFile(entries, options)]), { location: 'image.ozx' });
}

describe('a ZIP file that could harm', () => {
  it('is not this one: what the builder writes opens', async () => {
    const store = await open([root, { ...chunk, deflate: true }, { name: './a/b', data: text('x') }]);
    expect(await store.get('/c/0')).toEqual(chunk.data);
    expect(await store.get('/a/b')).toEqual(text('x'));
  });

  it.each<[string, readonly ZipFileEntry[], RegExp]>([
    ['leads upwards', [root, { ...chunk, name: '../../etc/cron.d/x' }], /leads out of the archive/],
    ['leads upwards in the middle', [root, { ...chunk, name: 'c/../../x' }], /leads out of the archive/],
    ['is absolute', [root, { ...chunk, name: '/etc/passwd' }], /absolute path/],
    ['is absolute on Windows', [root, { ...chunk, name: 'C:/x' }], /absolute path/],
    ['holds a backslash', [root, { ...chunk, name: 'c\\..\\x' }], /backslash/],
    ['holds a NUL', [root, { ...chunk, name: 'c/0\0.txt' }], /NUL/],
    [
      'is a symbolic link',
      [root, { name: 'c/0', data: text('/etc/passwd'), mode: 0o120777 }],
      /symbolic link/,
    ],
    ['comes twice', [root, chunk, { ...chunk, data: text('other') }], /twice/],
    [
      'lies in the bytes of another',
      [root, chunk, { ...chunk, name: 'c/1', offset: 67 }],
      /lies in the bytes/,
    ],
    // 1,000 equal bytes deflate to a dozen; 258 bytes a code of two bits is the most that deflate can.
    [
      'claims more than deflate can give',
      [root, { ...chunk, deflate: true, size: 0xfffffffe }],
      /claims to become 4294967294/,
    ],
    ['is stored with two sizes', [root, { ...chunk, size: 999 }], /two sizes/],
    [
      'claims to be longer than the file',
      [root, { ...chunk, size: 5000, packedSize: 5000 }],
      /beyond the end/,
    ],
    ['lies beyond the file', [root, { ...chunk, offset: 1_000_000 }], /beyond the end/],
    [
      'claims exabytes by ZIP64',
      [root, { ...chunk, zip64: { size: 2n ** 62n, packedSize: 1000n, offset: 0n } }],
      /beyond the end|cannot be read/,
    ],
  ])('is refused: an entry %s', async (_, entries, why) => {
    await expect(open(entries)).rejects.toMatchObject({
      name: expect.stringMatching(/InvalidInputError|UnsupportedFormatError/),
      where: 'image.ozx',
      what: expect.stringMatching(why),
    });
  });

  it.each([
    ['of absurd size', { directorySize: 0xfffffff0 }],
    ['of more entries than there are', { entryCount: 60_000 }],
  ])('is refused: a directory %s', async (_, options) => {
    await expect(open([root, chunk], options)).rejects.toMatchObject({
      name: expect.stringMatching(/InvalidInputError|UnsupportedFormatError/),
    });
  });

  it('gives no entry that becomes longer than it says, however little is packed', async () => {
    const zeros = new Uint8Array(5_000_000);
    const store = await open([root, { name: 'c/0', data: zeros, deflate: true, size: 100 }]);
    await expect(store.get('/c/0')).rejects.toMatchObject({
      tag: 'Integrity',
      what: expect.stringContaining('/c/0'),
    });
  });

  it('gives no entry that is longer than its reader can use, without unpacking it', async () => {
    const store = await open([
      root,
      { name: 'zarr.json.big', data: new Uint8Array(5_000_000), deflate: true },
    ]);
    await expect(store.get('/zarr.json.big', { byteLimit: 1000 })).rejects.toMatchObject({
      tag: 'InvalidInput',
      data: { bytes: 5_000_000, limit: 1000 },
    });
  });

  it('gives no entry whose local header names another file', async () => {
    const bytes = zipFile([root, chunk]);
    // The second local header follows the first one's 30 bytes, name and data.
    bytes[30 + 9 + root.data.length + 30] = 'd'.charCodeAt(0);
    const store = await openZipStore(new Blob([bytes]));
    await expect(store.get('/c/0')).rejects.toMatchObject({
      tag: 'Integrity',
      what: expect.stringContaining('names another file'),
    });
  });
});
