import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../shared/', import.meta.url);

/**
 * Path of a piece of the reference data that lies beside the repository (`../shared`).
 *
 * @param parts  path below it, one part an argument
 * @returns      absolute path in the file system; it need not exist
 */
export function sharedPath(...parts: readonly string[]): string {
  return fileURLToPath(new URL(parts.map(encodeURIComponent).join('/').replaceAll('%2F', '/'), root));
}

/**
 * Whether a piece of the reference data is there. A test that needs it skips where it is not, and says so:
 * `it.skipIf(!hasShared('golden'))`.
 */
export function hasShared(...parts: readonly string[]): boolean {
  return existsSync(sharedPath(...parts));
}
