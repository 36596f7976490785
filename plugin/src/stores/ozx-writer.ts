import { Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js/lib/zip-core-external.js';
import { AlibiError, isAbort } from '../errors.ts';
import type { StoreOptions, WriteStore } from './store.ts';

/**
 * Write the hierarchy below a folder of a store as an .ozx: ZIP64, stored, no data descriptors, `zarr.json` of the root
 * first, the others after it breadth first, then the chunks; the comment says so. What is in memory at a time is one stored
 * object and the directory.
 *
 * @param folder  becomes the archive's root; holds a Zarr v3 group
 * @param sink    closed at the end; aborted, and nothing else done to it, where writing fails
 * @param location    of the archive, for messages
 * @param onProgress  entries done, and in all
 * @returns  entries, and bytes of the archive
 * @throws AlibiError NotFound     there is no `zarr.json` in the folder
 * @throws AlibiError Environment  the store cannot list, or the sink fails
 * Source: RFC-9, Zipped OME-Zarr
 */
export async function writeOzx(
  store: WriteStore,
  folder: `/${string}`,
  sink: WritableStream<Uint8Array>,
  {
    location,
    signal,
    onProgress,
  }: StoreOptions & {
    readonly location: string;
    readonly onProgress?: (progress: { done: number; total: number }) => void;
  },
): Promise<{ readonly entries: number; readonly bytes: number }> {
  const options = signal === undefined ? {} : { signal };
  const names = await entryNames(store, folder, options);
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      bytes += part.length;
      controller.enqueue(part);
    },
  });
  const drained = counted.readable.pipeTo(sink, options);
  // Reported by what waits for it below.
  drained.catch(() => undefined);
  const zip = new ZipWriter(counted.writable, {
    level: 0,
    zip64: true,
    dataDescriptor: false,
    extendedTimestamp: false,
    useWebWorkers: false,
    keepOrder: true,
  });
  try {
    for (const [done, name] of names.entries()) {
      signal?.throwIfAborted();
      onProgress?.({ done, total: names.length });
      const value = await store.get(`${folder}/${name}`, options);
      if (value === undefined) throw vanished(`${folder}/${name}`);
      await zip.add(name, new Uint8ArrayReader(value));
    }
    const comment = { ome: { version: '0.5', zipFile: { centralDirectory: { jsonFirst: true } } } };
    await zip.close(new TextEncoder().encode(JSON.stringify(comment)));
    await drained;
  } catch (error) {
    await counted.writable.abort(error).catch(() => undefined);
    // A sink that is full or gone says more than the writer that could not go on.
    await drained.catch((cause: unknown) => {
      throw cause instanceof AlibiError || isAbort(cause) ? cause : notWritten(cause, location);
    });
    throw error;
  }
  onProgress?.({ done: names.length, total: names.length });
  return { entries: names.length, bytes };
}

/** Paths below the folder: metadata breadth first, the root's own at the head, then all else. */
async function entryNames(store: WriteStore, folder: `/${string}`, options: StoreOptions): Promise<string[]> {
  if (store.list === undefined) {
    throw new AlibiError('Environment', {
      what: 'the store of the labels cannot list what it holds',
      where: folder.slice(1),
      remedy: 'Save to a folder or to the browser storage first.',
    });
  }
  const metadata: string[] = [];
  const others: string[] = [];
  for await (const key of store.list(`${folder}/`, options)) {
    const name = key.slice(folder.length + 1);
    // A journal is of no use in an archive.
    if (/^alibi-zarr-journal/.test(name)) continue;
    (/(^|\/)zarr\.json$/.test(name) ? metadata : others).push(name);
  }
  const depth = (name: string) => name.split('/').length;
  const byPath = (a: string, b: string) => (a < b ? -1 : 1);
  metadata.sort((a, b) => depth(a) - depth(b) || byPath(a, b));
  if (metadata[0] === 'zarr.json') return [...metadata, ...others.sort(byPath)];
  throw new AlibiError('NotFound', {
    what: 'there is no zarr.json: an .ozx holds one OME-Zarr 0.5 hierarchy',
    where: folder.slice(1),
    remedy: 'Save the labels as OME-Zarr 0.5.',
  });
}

/** The sink has failed: the disk is full, a permission is gone. */
function notWritten(cause: unknown, location: string): AlibiError {
  return new AlibiError('Environment', {
    what: `the archive cannot be written: ${cause instanceof Error ? cause.message : cause}`,
    where: location,
    remedy:
      'See that there is room for it and that it may be written; what it is packed from is kept: continue the save (--resume).',
    cause,
  });
}

function vanished(key: string): AlibiError {
  return new AlibiError('Integrity', {
    what: 'a file of the labels has vanished while it was packed',
    where: key.slice(1),
    remedy: 'Another program seems to write to the same place; save again when it has ended.',
  });
}
