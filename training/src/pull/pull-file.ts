import { rename, rm } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { type DownloadOptions, download } from './download.ts';
import { type FileHash, hashFile } from './file-hash.ts';
import { readRecord, recordPath, writeRecord } from './pull-record.ts';
import { type RemoteFile, statRemote } from './remote-file.ts';
import { Transient, withRetries } from './retry.ts';
import type { Asked } from './status-error.ts';
import type { TargetFile } from './target.ts';

export interface PulledFile {
  readonly name: string;
  readonly path: string;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Commit of the revision on the hub, where it says so. */
  readonly commit: string | null;
  readonly from: 'network' | 'cache';
  /** What the hash was compared with: a SHA-256, git's id of the content, what was recorded when it was pulled; or nothing. */
  readonly checked: 'sha256' | 'git-sha1' | 'recorded' | 'nothing';
  /** Bytes that an earlier, unfinished pull had left. */
  readonly resumedAt: number;
}

export interface PullFileOptions extends Pick<DownloadOptions, 'access' | 'retry' | 'onProgress'> {
  readonly page: string | undefined;
  readonly byHand: string;
  /** Given by the person; lower-case hex. */
  readonly sha256: string | undefined;
  readonly force: boolean;
  /** The folder is the person's: what lies there and was not pulled from here is not replaced. */
  readonly isForeign: boolean;
  readonly onNotice: (text: string) => void;
}

/**
 * Have one file on disk, checked: what is there is checked again, what is missing or wrong is fetched.
 *
 * @throws AlibiError  Network: out of reach, with what to put where by hand; Integrity, PermissionDenied, NotFound, Conflict
 */
export async function pullFile(file: TargetFile, o: PullFileOptions): Promise<PulledFile> {
  const asked = { url: file.url, page: o.page, byHand: o.byHand };
  const present = await hashFile(file.path, o.access.signal);
  const remote = await stat(asked, o);
  if (remote instanceof Transient) {
    if (present === undefined || o.force) throw outOfReach(remote, asked);
    return await fromDiskAlone(file, present, remote, o);
  }
  assertSameHash(remote, o.sha256, file);
  const wanted = { ...remote, sha256: o.sha256 ?? remote.sha256 };
  if (present !== undefined && !o.force) {
    const record = await readRecord(file.path);
    const checked = agreement(present, wanted, record?.url === file.url ? record : undefined);
    if (checked !== undefined) return pulled(file, present, { commit: remote.commit, checked });
    if (o.isForeign && record === undefined) throw conflict(file);
    o.onNotice(`${file.path} is not what ${new URL(file.url).host} has: fetching it again`);
  }
  return await fetchChecked(file, wanted, asked, o);
}

/** @returns what passed with time but did not, instead of throwing it: the file on disk may do */
async function stat(asked: Asked, o: PullFileOptions): Promise<RemoteFile | Transient> {
  try {
    const signal = o.access.signal;
    return await withRetries(() => statRemote(asked, o.access), { ...o.retry, signal });
  } catch (error) {
    if (error instanceof Transient) return error;
    throw error;
  }
}

type Known = Pick<RemoteFile, 'sha256' | 'gitSha1' | 'bytes' | 'validator'>;

/** What a file on disk agrees with; undefined where it does not. */
function agreement(
  present: FileHash,
  wanted: Known,
  record: { sha256: string | null; validator: string | null } | undefined,
): PulledFile['checked'] | undefined {
  if (wanted.sha256 !== undefined) return present.sha256 === wanted.sha256 ? 'sha256' : undefined;
  if (wanted.gitSha1 !== undefined) return present.gitSha1 === wanted.gitSha1 ? 'git-sha1' : undefined;
  if (wanted.bytes !== undefined && wanted.bytes !== present.bytes) return undefined;
  if (record?.sha256 == null) return 'nothing';
  if (wanted.validator !== undefined && wanted.validator !== record.validator) return undefined;
  return record.sha256 === present.sha256 ? 'recorded' : undefined;
}

/** Without a server: what was recorded when it was pulled, or what the person says, has to do. */
async function fromDiskAlone(
  file: TargetFile,
  present: FileHash,
  why: Transient,
  o: PullFileOptions,
): Promise<PulledFile> {
  const record = await readRecord(file.path);
  const expected = o.sha256 ?? record?.sha256;
  if (expected != null && expected !== present.sha256) {
    throw new AlibiError('Integrity', {
      what: `its SHA-256 is ${present.sha256}, not ${expected}; and ${why.message}`,
      where: file.path,
      remedy: o.byHand,
    });
  }
  o.onNotice(`${why.message}: taking ${file.path}${expected == null ? ', whose hash is not checked' : ''}`);
  const checked = o.sha256 !== undefined ? 'sha256' : expected == null ? 'nothing' : 'recorded';
  return pulled(file, present, { commit: undefined, checked });
}

async function fetchChecked(
  file: TargetFile,
  wanted: RemoteFile,
  asked: Asked,
  o: PullFileOptions,
): Promise<PulledFile> {
  const part = `${file.path}.part`;
  for (;;) {
    const { resumedAt } = await download(part, { ...o, asked, remote: wanted }).catch((error: unknown) => {
      throw error instanceof Transient ? outOfReach(error, asked) : asDiskError(error, file);
    });
    const hash = await hashFile(part, o.access.signal);
    if (hash === undefined) throw new TypeError(`${part} vanished`);
    const checked = agreement(hash, wanted, undefined);
    if (checked !== undefined) return await keep(file, part, { hash, wanted, checked, resumedAt });
    await rm(part, { force: true });
    await rm(recordPath(part), { force: true });
    if (resumedAt === 0) throw wrongHash(hash, wanted, asked);
    o.onNotice('what an earlier pull had left does not fit: fetching all of it');
  }
}

/** The file appears under its name when it is whole and right, in one step. */
async function keep(
  file: TargetFile,
  part: string,
  o: { hash: FileHash; wanted: RemoteFile; checked: PulledFile['checked']; resumedAt: number },
): Promise<PulledFile> {
  const record = await readRecord(part);
  await rename(part, file.path);
  await rm(recordPath(part), { force: true });
  await writeRecord(file.path, {
    url: file.url,
    sha256: o.hash.sha256,
    validator: record?.validator ?? o.wanted.validator ?? null,
    bytes: o.hash.bytes,
  });
  return {
    ...pulled(file, o.hash, { commit: o.wanted.commit, checked: o.checked }),
    from: 'network',
    resumedAt: o.resumedAt,
  };
}

function pulled(
  file: TargetFile,
  hash: FileHash,
  o: { readonly commit: string | undefined; readonly checked: PulledFile['checked'] },
): PulledFile {
  const { bytes, sha256 } = hash;
  const { name, path, url } = file;
  return {
    name,
    path,
    url,
    bytes,
    sha256,
    commit: o.commit ?? null,
    from: 'cache',
    checked: o.checked,
    resumedAt: 0,
  };
}

function outOfReach(why: Transient, asked: Asked): AlibiError {
  return new AlibiError('Network', { what: why.message, where: asked.url, remedy: asked.byHand, cause: why });
}

/** What the file system refused, such as a folder that is none or a full disk. */
function asDiskError(error: unknown, file: TargetFile): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  return new AlibiError('Environment', {
    what: `it cannot be written: ${String(error.code)}`,
    where: file.path,
    remedy: 'Name another folder with --out.',
    cause: error,
  });
}

function assertSameHash(remote: RemoteFile, given: string | undefined, file: TargetFile): void {
  if (given === undefined || remote.sha256 === undefined || given === remote.sha256) return;
  throw new AlibiError('Integrity', {
    what: `the server has a file of SHA-256 ${remote.sha256}, not ${given}`,
    where: file.url,
    remedy: 'Ask for the --revision that the hash is of.',
  });
}

function wrongHash(hash: FileHash, wanted: Known, asked: Asked): AlibiError {
  const [got, kind, expected] =
    wanted.sha256 !== undefined
      ? [hash.sha256, 'SHA-256', wanted.sha256]
      : wanted.gitSha1 !== undefined
        ? [hash.gitSha1, 'git id', wanted.gitSha1]
        : [hash.bytes, 'length in bytes', wanted.bytes];
  return new AlibiError('Integrity', {
    what: `what was fetched has the ${kind} ${got}, not ${expected}; it was removed`,
    where: asked.url,
    remedy: 'Try again, or another mirror with --endpoint.',
  });
}

function conflict(file: TargetFile): AlibiError {
  return new AlibiError('Conflict', {
    what: `another file of that name lies there, not the one of ${file.url}`,
    where: file.path,
    remedy: 'Give --force to replace it, or another --out.',
  });
}
