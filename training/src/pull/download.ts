import { type FileHandle, mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { type PullRecord, readRecord, recordPath, writeRecord } from './pull-record.ts';
import { describe, type RemoteFile } from './remote-file.ts';
import { type Access, type Answer, asFailure, request } from './request.ts';
import { type RetryOptions, Transient, withRetries } from './retry.ts';
import { type Asked, statusError } from './status-error.ts';

export interface DownloadOptions {
  readonly asked: Asked;
  readonly remote: RemoteFile;
  readonly access: Access;
  readonly retry: Pick<RetryOptions, 'attempts' | 'delayMs' | 'onWait'>;
  readonly onProgress: (done: number, total: number | undefined) => void;
}

/**
 * Fetch a file into `part`, going on with what an earlier call left there if it is of the same content.
 *
 * @returns how many bytes were there already
 * @throws Transient | AlibiError  what was fetched stays for the next call
 */
export async function download(part: string, o: DownloadOptions): Promise<{ readonly resumedAt: number }> {
  await mkdir(dirname(part), { recursive: true });
  const start = await resumable(part, o);
  await assertSpace(part, (o.remote.bytes ?? 0) - start);
  const file = await open(part, start > 0 ? 'r+' : 'w');
  try {
    const state: State = { file, part, done: start, remote: o.remote };
    await withRetries((progressed) => fetchRest(state, o, progressed), {
      ...o.retry,
      signal: o.access.signal,
      evenUnreached: true,
    });
    await file.sync();
  } finally {
    await file.close();
  }
  return { resumedAt: start };
}

/** A download under way: `done` bytes of the part file are the remote file's. */
interface State {
  readonly file: FileHandle;
  readonly part: string;
  done: number;
  remote: RemoteFile;
}

/** How much of a part file may be kept: its record must name the same content. */
async function resumable(part: string, { asked, remote }: DownloadOptions): Promise<number> {
  const size = (await stat(part).catch(() => undefined))?.size ?? 0;
  const record = size > 0 ? await readRecord(part) : undefined;
  if (record === undefined || !isSameContent(record, asked.url, remote)) return 0;
  return remote.bytes !== undefined && size > remote.bytes ? 0 : size;
}

function isSameContent(record: PullRecord, url: string, remote: RemoteFile): boolean {
  if (remote.sha256 !== undefined && record.sha256 !== null) return record.sha256 === remote.sha256;
  return record.url === url && record.validator !== null && record.validator === remote.validator;
}

/** @throws AlibiError  Environment: the disk would run full */
async function assertSpace(part: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(part));
  if (bytes <= bavail * bsize) return;
  throw new AlibiError('Environment', {
    what: `${Math.ceil(bytes / 2 ** 20)} MiB are needed and ${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free`,
    where: dirname(part),
    remedy: 'Make room, or name another folder with --out.',
  });
}

/** From `state.done` to the end. */
async function fetchRest(state: State, o: DownloadOptions, progressed: () => void): Promise<void> {
  if (state.done > 0 && state.done === state.remote.bytes) return;
  const { validator, sha256 } = state.remote;
  const answer = await request(
    o.asked.url,
    {
      method: 'GET',
      headers: {
        ...(state.done > 0 ? { range: `bytes=${state.done}-` } : {}),
        // With a hash to come the storage behind the hub need not vouch for its content; it has an ETag of its own.
        ...(state.done > 0 && sha256 === undefined && validator !== undefined
          ? { 'if-range': validator }
          : {}),
      },
    },
    o.access,
  );
  try {
    if (await startsWhereWeAre(answer.response, state, o)) await store(answer, state, o, progressed);
  } finally {
    answer.end();
  }
  const { bytes } = state.remote;
  if (bytes !== undefined && state.done !== bytes) {
    throw new Transient(`the connection ended at byte ${state.done} of ${bytes}`);
  }
}

/**
 * Make the state fit the answer: a server that ignores the range, or has another content by now, sends all from the start.
 *
 * @returns false where nothing is left to fetch
 */
async function startsWhereWeAre(response: Response, state: State, o: DownloadOptions): Promise<boolean> {
  const [, from, total] =
    /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  if (response.status === 416) {
    if (Number(total) === state.done && state.done > 0) return false;
    await restart(state);
    throw new Transient('the server has not so much of the file: from the start again');
  }
  if (response.status === 206) {
    const fits =
      Number(from) === state.done &&
      (!Number(total) || Number(total) === (state.remote.bytes ?? Number(total)));
    if (fits) return true;
    await restart(state);
    throw new Transient('the server sends another part than was asked for: from the start again');
  }
  if (response.status !== 200) throw statusError(response, o.asked, o.access);
  await restart(state);
  const { bytes, validator } = describe(response.headers);
  state.remote = {
    ...state.remote,
    bytes: state.remote.bytes ?? bytes,
    validator: validator ?? state.remote.validator,
  };
  await writeRecord(state.part, {
    url: o.asked.url,
    sha256: state.remote.sha256 ?? null,
    validator: state.remote.validator ?? null,
    bytes: state.remote.bytes ?? null,
  });
  return true;
}

async function restart(state: State): Promise<void> {
  await rm(recordPath(state.part), { force: true });
  await state.file.truncate(0);
  state.done = 0;
}

async function store(
  { response, alive }: Answer,
  state: State,
  o: DownloadOptions,
  progressed: () => void,
): Promise<void> {
  try {
    for await (const chunk of response.body ?? []) {
      const { bytes } = state.remote;
      if (bytes !== undefined && state.done + chunk.length > bytes) {
        await restart(state);
        throw tooLong(o.asked.url, bytes);
      }
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await state.file.write(chunk, at, chunk.length - at, state.done);
        at += bytesWritten;
        state.done += bytesWritten;
      }
      alive();
      progressed();
      o.onProgress(state.done, bytes);
    }
  } catch (error) {
    throw asFailure(error, o.asked.url, o.access);
  }
}

function tooLong(url: string, bytes: number): AlibiError {
  return new AlibiError('Integrity', {
    what: `the server sends more than the ${bytes} bytes that it announced`,
    where: url,
    remedy: 'Try another mirror with --endpoint.',
  });
}
