import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AlibiError } from '../errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a part of the path is a file',
  EISDIR: 'there is a folder of that name',
  EACCES: 'nobody may write there',
  EPERM: 'nobody may write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

/**
 * A file that could not be written, in words.
 *
 * @param cause  what `node:fs` threw
 */
export function cannotWrite(path: string, cause: unknown): AlibiError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new AlibiError('InvalidInput', {
    what: `it cannot be written: ${reason}`,
    where: path,
    remedy: 'Name a file in a folder you can write to.',
    cause,
  });
}

/**
 * Before long work: see that a file can be written at its end. Its folder is made; the file is not touched.
 *
 * @throws AlibiError InvalidInput  it cannot
 */
export async function assertWritableFile(path: string): Promise<void> {
  const trial = `${path}.part-${process.pid}`;
  try {
    await mkdir(dirname(resolve(path)), { recursive: true });
    await (await open(trial, 'w')).close();
    await rm(trial);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}
