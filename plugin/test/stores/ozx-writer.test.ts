import { describe, expect, it } from 'vitest';
import { writeOzx } from '../../src/stores/ozx-writer.ts';
import { openZipStore } from '../../src/stores/zip.ts';
import { MemoryStore } from '../labels/image-fixture.ts';

const text = (value: string) => new TextEncoder().encode(value);

const location = 'labels.ozx';

async function sample(): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const key of [
    '/a/0/c/0/0',
    '/a/0/zarr.json',
    '/a/zarr.json',
    '/a/0/c/0/1',
    '/a/b/zarr.json',
    '/other/zarr.json',
  ] as const)
    await store.set(key, text(`value of ${key}`));
  return store;
}

describe('writeOzx', () => {
  it('packs a folder as the root, metadata first', async () => {
    const parts: Uint8Array[] = [];
    const sink = new WritableStream<Uint8Array>({ write: (part) => void parts.push(part) });
    const { entries, bytes } = await writeOzx(await sample(), '/a', sink, { location });
    const archive = new Blob(parts.map((part) => new Uint8Array(part)));
    expect([entries, bytes]).toEqual([5, archive.size]);
    const zip = await openZipStore(archive);
    expect(new TextDecoder().decode(await zip.get('/0/c/0/1'))).toBe('value of /a/0/c/0/1');
    const raw = new TextDecoder('latin1').decode(await archive.arrayBuffer());
    const order = ['zarr.json', '0/zarr.json', 'b/zarr.json', '0/c/0/0', '0/c/0/1'].map((name) =>
      raw.indexOf(`value of /a/${name}`),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('ends with the failure of a sink', async () => {
    const sink = new WritableStream<Uint8Array>({
      write: () => Promise.reject(new Error('the disk is full')),
    });
    await expect(writeOzx(await sample(), '/a', sink, { location })).rejects.toMatchObject({
      tag: 'Environment',
      message:
        'the archive cannot be written: the disk is full (labels.ozx). See that there is room for it and that it may be written; what it is packed from is kept: continue the save (--resume).',
    });
  });

  it('ends with an abort', async () => {
    const controller = new AbortController();
    const sink = new WritableStream<Uint8Array>();
    const writing = writeOzx(await sample(), '/a', sink, {
      location,
      signal: controller.signal,
      onProgress: ({ done }) => done === 2 && controller.abort(),
    });
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
  });
});
