import { open, rename, rm, stat } from 'node:fs/promises';
import { AlibiError } from '../errors.ts';
import { cannotWrite } from './cannot-write.ts';

/** A file that is there once it is whole: until then its bytes lie beside it under another name. */
export interface FileSink {
  write(bytes: Uint8Array | string): Promise<void>;
  finish(): Promise<void>;
  /** Remove what was written; after `finish` there is nothing to remove. */
  abandon(): Promise<void>;
}

/** Bytes of text gathered before they are written. */
const textBytes = 2 ** 16;

/**
 * @throws AlibiError Conflict      there is such a file and `overwrite` is not set
 * @throws AlibiError InvalidInput  it cannot be written: no such folder, a folder of that name, no permission
 */
export async function openFileSink(
  path: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<FileSink> {
  await assertFilePlace(path, overwrite);
  const part = `${path}.part-${process.pid}`;
  const file = await open(part, 'w').catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  let text = '';
  let isOpen = true;
  const flush = async (): Promise<void> => {
    if (text !== '') await file.write(text);
    text = '';
  };
  const close = async (): Promise<void> => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    async write(bytes) {
      if (typeof bytes === 'string') {
        text += bytes;
        if (text.length >= textBytes) await flush();
        return;
      }
      await flush();
      await file.write(bytes);
    },
    async finish() {
      await flush();
      await close();
      await rename(part, path);
    },
    async abandon() {
      await close();
      await rm(part, { force: true });
    },
  };
}

/**
 * @throws AlibiError Conflict      there is such a file and `overwrite` is not set
 * @throws AlibiError InvalidInput  it is a folder
 */
export async function assertFilePlace(path: string, overwrite: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    throw new AlibiError('InvalidInput', { what: 'a folder', where: path, remedy: 'Name a file.' });
  }
  if (found === undefined || overwrite) return;
  throw new AlibiError('Conflict', {
    what: 'there is such a file already',
    where: path,
    remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
  });
}
