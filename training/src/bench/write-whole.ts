import { access, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';

/** Writes a file that is there whole or as it was before: never half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  await writeFile(beside, text);
  await rename(beside, path);
}

/** To be asked before a long measurement. @throws AlibiError  NotFound: the folder is not there */
export async function assertWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), 2);
  } catch (cause) {
    throw new AlibiError('NotFound', {
      what: 'there is no folder to write into',
      where: path,
      remedy: 'Make the folder first, or name another file.',
      cause,
    });
  }
}
