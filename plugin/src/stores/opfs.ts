import { AlibiError } from '../errors.ts';
import { fileSystemFault, isFull } from './file-system-fault.ts';
import { createFolderStore } from './folder.ts';
import { joinKey, keySegments } from './key.ts';
import type { WriteStore } from './store.ts';

/** The same where the folder is there already; undefined where it is not, or where pages have no such file system. */
export async function findOpfsStore(path: string): Promise<WriteStore | undefined> {
  try {
    let folder = await navigator.storage.getDirectory();
    for (const name of keySegments(joinKey(path, '').replace(/\/$/, '')))
      folder = await folder.getDirectoryHandle(name);
    return createFolderStore(folder);
  } catch (error) {
    if (error instanceof AlibiError) throw error;
    return undefined;
  }
}

/**
 * A store in a folder of the origin's private file system, which is created if need be.
 *
 * @param path  such as `images/sample.zarr`; `''` is the root
 * @throws EnvironmentError  the browser has no private file system, the page may not use it, or its quota is used up
 */
export async function openOpfsStore(path: string): Promise<WriteStore> {
  const key = joinKey(path, '').replace(/\/$/, '');
  try {
    let folder = await navigator.storage.getDirectory();
    for (const name of key === '' ? [] : keySegments(key)) {
      folder = await folder.getDirectoryHandle(name, { create: true });
    }
    return createFolderStore(folder);
  } catch (cause) {
    if (cause instanceof AlibiError) throw cause;
    if (isFull(cause)) throw fileSystemFault(cause, `origin private file system /${path}`);
    throw new AlibiError('Environment', {
      what: `the browser's private file system cannot be opened: ${cause instanceof Error ? cause.message : cause}`,
      where: `origin private file system /${path}`,
      remedy:
        'Open the page over https or from localhost and outside of private browsing, or save to a folder.',
      cause,
    });
  }
}
