import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AlibiError } from 'alibi-zarr/checkpoint';

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * SHA-256 of a file, in hexadecimal.
 *
 * @throws AlibiError NotFound  it cannot be read
 */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (cause) {
    throw new AlibiError('NotFound', {
      what: 'the file cannot be read',
      where: path,
      remedy: 'Check the path.',
      cause,
    });
  }
  return hash.digest('hex');
}
