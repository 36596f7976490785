import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Remove folders that hold nothing, from the leaves up: a store deletes values and leaves the folders they
 * lay in. What cannot be removed is left.
 *
 * @param folder  itself removed too where it turns out empty
 */
export async function pruneFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await pruneFolders(join(folder, entry.name));
  // Refuses a folder that is not empty.
  await rmdir(folder).catch(() => undefined);
}
