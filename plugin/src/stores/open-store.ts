import { AlibiError } from '../errors.ts';
import { createFolderStore } from './folder.ts';
import { createHttpStore, type HttpStoreOptions } from './http.ts';
import { withoutQuery } from './http-failure.ts';
import { blobAccess, openHttpAccess } from './random-access.ts';
import type { ReadStore, Source, StoreOptions } from './store.ts';
import { openZipStore } from './zip.ts';

export interface OpenStoreOptions extends HttpStoreOptions, StoreOptions {}

export interface OpenedStore {
  readonly store: ReadStore;
  /** Of the node that was handed in; `''`: the store's root. */
  readonly path: string;
  /** URL (without its query, which may hold a signature), file or folder name, for messages and provenance. */
  readonly location: string;
}

/**
 * The store behind what a person or a host page hands in: a URL (relative ones to the page), a ZIP file behind a
 * URL or as a `File`, a directory handle, or a store, which is taken as it is.
 *
 * @throws InvalidInputError       none of these
 * @throws UnsupportedFormatError  a file that is no ZIP file
 */
export async function openStore(source: Source, options: OpenStoreOptions = {}): Promise<OpenedStore> {
  options.signal?.throwIfAborted();
  if (typeof source === 'string' || source instanceof URL) return openUrl(source, options);
  if (source instanceof Blob) return openFile(source, options);
  if ('kind' in source && source.kind === 'directory' && 'getDirectoryHandle' in source) {
    return { store: createFolderStore(source), path: '', location: source.name };
  }
  if ('get' in source && typeof source.get === 'function')
    return { store: source, path: '', location: 'store' };
  throw new AlibiError('InvalidInput', {
    what: 'the image is neither a URL, a file, a folder nor a store',
    where: 'image source',
    remedy: 'Pass an address, a .zip or .ozx file, a directory handle, or an object with a get method.',
  });
}

async function openUrl(source: string | URL, options: OpenStoreOptions): Promise<OpenedStore> {
  const page: unknown = Reflect.get(globalThis, 'location')?.href;
  const base = typeof page === 'string' && /^https?:/.test(page) ? page : undefined;
  const url = URL.canParse(String(source), base) ? new URL(String(source), base) : source;
  if (url instanceof URL && /\.(zip|ozx)$/i.test(url.pathname)) {
    const access = await openHttpAccess(url.href, options, options);
    return {
      store: await openZipStore(access, { ...options, location: url.href }),
      path: '',
      location: url.href,
    };
  }
  const store = createHttpStore(url, options);
  return { store, path: '', location: withoutQuery(url).replace(/\/+$/, '') };
}

async function openFile(file: File, options: OpenStoreOptions): Promise<OpenedStore> {
  const start = await blobAccess(file).read(0, Math.min(4, file.size), options);
  // Local header of a first entry; an empty archive has nothing to show.
  if (String.fromCharCode(...start) !== 'PK\u0003\u0004') {
    throw new AlibiError('UnsupportedFormat', {
      what: 'the file is no ZIP file',
      where: file.name,
      remedy: 'Drop a .zip or .ozx file, or open the folder of an OME-Zarr image.',
    });
  }
  const store = await openZipStore(file, { ...options, location: file.name });
  return { store, path: '', location: file.name };
}
