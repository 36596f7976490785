import { expect } from 'chai';
import { AlibiError } from '../../src/errors.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { createFolderStore } from '../../src/stores/folder.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { openOpfsStore } from '../../src/stores/opfs.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';

const content = Uint8Array.from({ length: 100 }, (_, i) => i);
const folderName = 'alibi-folder-test';

async function freshFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(folderName, { recursive: true }).catch(() => undefined);
  return root.getDirectoryHandle(folderName, { create: true });
}

async function thrown(promise: Promise<unknown> | undefined): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

async function keysOf(keys: AsyncIterable<string> | undefined): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys ?? []) all.push(key);
  return all.sort();
}

describe('a store in a folder', () => {
  it('gives back what was set, whole and in part', async () => {
    const store = createFolderStore(await freshFolder());
    await store.set('/a/b/c', content);
    await store.set('/.zattrs', content.subarray(0, 2));
    expect(await store.get('/a/b/c')).to.deep.equal(content);
    expect(await store.get('/.zattrs')).to.deep.equal(content.slice(0, 2));
    expect(await store.getRange?.('/a/b/c', { offset: 5, length: 3 })).to.deep.equal(content.slice(5, 8));
    expect(await store.getRange?.('/a/b/c', { suffixLength: 3 })).to.deep.equal(content.slice(97));
    expect(await store.getRange?.('/a/b/c', { suffixLength: 300 })).to.deep.equal(content);
    await store.set('/a/b/c', content.subarray(1));
    expect(await store.get('/a/b/c')).to.deep.equal(content.slice(1));
  });

  it('knows missing keys, folders among them', async () => {
    const store = createFolderStore(await freshFolder());
    await store.set('/a/b', content);
    for (const key of ['/none', '/a', '/a/b/c', '/none/none'] as const) {
      expect(await store.get(key)).to.equal(undefined);
      expect(await store.getRange?.(key, { suffixLength: 1 })).to.equal(undefined);
    }
    await store.delete('/none/none');
    await store.delete('/a/b');
    expect(await store.get('/a/b')).to.equal(undefined);
  });

  it('lists keys below a prefix and refuses keys that lead out of it', async () => {
    const store = createFolderStore(await freshFolder());
    for (const key of ['/a/b', '/a/c/d', '/e'] as const) await store.set(key, content);
    expect(await keysOf(store.list?.('/a/'))).to.deep.equal(['/a/b', '/a/c/d']);
    expect(await keysOf(store.list?.('/'))).to.deep.equal(['/a/b', '/a/c/d', '/e']);
    expect(await keysOf(store.list?.('/none/'))).to.deep.equal([]);
    expect(await thrown(store.get('/../x'))).to.be.instanceOf(AlibiError);
  });

  it('writes on when a folder it knew was removed meanwhile', async () => {
    const handle = await freshFolder();
    const store = createFolderStore(handle);
    await store.set('/a/b', content);
    await handle.removeEntry('a', { recursive: true });
    expect(await store.get('/a/b')).to.equal(undefined);
    await store.set('/a/b', content);
    await handle.removeEntry('a', { recursive: true });
    await store.set('/a/b', content);
    expect(await store.get('/a/b')).to.deep.equal(content);
  });

  it('passes aborts through, before and during, and keeps the old value', async () => {
    const store = createFolderStore(await freshFolder());
    await store.set('/x', content);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    expect(await thrown(store.get('/x', { signal }))).to.equal(reason);
    expect(await thrown(store.set('/x', content, { signal }))).to.equal(reason);
    const controller = new AbortController();
    const writing = thrown(store.set('/x', new Uint8Array(2 ** 25), { signal: controller.signal }));
    const reading = store.get('/x');
    controller.abort(reason);
    expect(await writing).to.equal(reason);
    expect(await reading).to.deep.equal(content);
    expect(await store.get('/x')).to.deep.equal(content);
    expect(await keysOf(store.list?.('/'))).to.deep.equal(['/x']);
  });

  it('takes and gives a sharded array, compressed by WebAssembly and by the browser', async () => {
    for (const compression of ['zstd', 'blosc', 'gzip'] as const) {
      const handle = await freshFolder();
      const { store, location } = await openStore(handle);
      expect(location).to.equal(folderName);
      const writer = createArrayWriter(createFolderStore(handle), '0', {
        zarrFormat: 3,
        shape: [3, 5],
        chunkShape: [2, 2],
        shardShape: [4, 4],
        dtype: 'uint16',
        compression,
      });
      await writer.writeChunk([1, 2], { data: new Uint16Array([777]), shape: [1, 1] });
      await writer.writeChunk([0, 0], { data: new Uint16Array([1, 2, 3, 4]), shape: [2, 2] });
      await writer.finish();
      const { lazy } = await openZarrArray(store, '0');
      expect([...(await lazy.getChunk([1, 2], {})).data]).to.deep.equal([777]);
      expect([...(await lazy.getChunk([0, 0], {})).data]).to.deep.equal([1, 2, 3, 4]);
      expect([...(await lazy.getChunk([1, 1], {})).data]).to.deep.equal([0, 0]);
    }
  });

  it('opens below the root of the private file system, and is there when opened again', async () => {
    await freshFolder();
    await (await openOpfsStore(`${folderName}/deep/er`)).set('/x', content);
    expect(await (await openOpfsStore(`/${folderName}/deep`)).get('/er/x')).to.deep.equal(content);
  });
});

describe('HTTP in the browser', () => {
  it('reads parts, and says that CORS is a likely cause where there is no answer', async () => {
    const { store } = await openStore('/plugin/test/stores');
    const start = await store.getRange?.('/fixtures.test.ts', { offset: 0, length: 6 });
    // The test server bundles TypeScript, so what it holds is not known; that it is 6 bytes is.
    expect(start).to.have.length(6);
    expect(await store.get('/none')).to.equal(undefined);
    const closed = await openStore('http://127.0.0.1:9', { retry: { attempts: 1 } });
    expect(String(await thrown(closed.store.get('/x')))).to.contain('CORS');
  });
});
