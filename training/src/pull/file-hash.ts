import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface FileHash {
  readonly bytes: number;
  readonly sha256: string;
  /** Git's id of the content: SHA-1 of `blob <bytes>\0` and the content. */
  readonly gitSha1: string;
}

/** @returns undefined where there is no such file */
export async function hashFile(path: string, signal: AbortSignal): Promise<FileHash | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  const sha256 = createHash('sha256');
  const git = createHash('sha1').update(`blob ${found.size}\0`);
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 2 ** 20 })) {
    sha256.update(chunk);
    git.update(chunk);
  }
  return { bytes: found.size, sha256: sha256.digest('hex'), gitSha1: git.digest('hex') };
}
