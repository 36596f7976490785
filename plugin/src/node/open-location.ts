import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AlibiError } from '../errors.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import { openStore } from '../stores/open-store.ts';
import type { Signer } from '../stores/signer.ts';
import type { ReadStore } from '../stores/store.ts';
import { openZipStore } from '../stores/zip.ts';

export interface OpenedLocation {
  readonly store: ReadStore;
  readonly path: string;
  readonly location: string;
  /** Lets go of an archive's file. */
  close(): Promise<void>;
}

/**
 * The store a person names on the command line: a folder, an archive (.zip, .ozx) or an http(s) address.
 *
 * @param sign  signs the requests to a server
 * @throws AlibiError NotFound  there is nothing of that name
 */
export async function openLocation(
  source: string,
  signal: AbortSignal,
  sign?: Signer,
): Promise<OpenedLocation> {
  signal.throwIfAborted();
  if (/^https?:\/\//i.test(source)) {
    const opened = await openStore(source, { signal, ...(sign === undefined ? {} : { sign }) });
    return { ...opened, close: async () => {} };
  }
  const found = await stat(source).catch(() => undefined);
  if (found?.isDirectory()) {
    return { store: createNodeStore(resolve(source)), path: '', location: source, close: async () => {} };
  }
  if (found?.isFile()) return openArchive(source, found.size);
  throw new AlibiError('NotFound', {
    what: 'there is no such folder or file',
    where: source,
    remedy: 'Give the path of an OME-Zarr folder, of a .zip or .ozx file, or an http(s) address.',
  });
}

async function openArchive(source: string, size: number): Promise<OpenedLocation> {
  if (!/\.(zip|ozx)$/i.test(source)) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'a file that is neither .zip nor .ozx',
      where: source,
      remedy: 'Give the folder that holds zarr.json or .zattrs, or an archive of it.',
    });
  }
  const file = await open(source, 'r');
  try {
    const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
      return bytes.subarray(0, bytesRead);
    };
    const store = await openZipStore({ size, read }, { location: source });
    return { store, path: '', location: source, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}
