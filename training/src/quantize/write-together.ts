import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface NamedFile {
  /** Relative to the folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Writes files into a folder, which is made if it is not there: all under other names first, then each into its place in
 * the order given, so that a full disk leaves what was there. Give the file that names the others last.
 */
export async function writeTogether(dir: string, files: readonly NamedFile[]): Promise<void> {
  const partial = ({ name }: NamedFile): string => join(dir, `${name}.partial`);
  try {
    for (const file of files) {
      await mkdir(dirname(partial(file)), { recursive: true });
      await writeFile(partial(file), file.bytes);
    }
    for (const file of files) await rename(partial(file), join(dir, file.name));
  } catch (error) {
    await Promise.all(files.map((file) => rm(partial(file), { force: true })));
    throw error;
  }
}
