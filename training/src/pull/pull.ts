import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KnownCheckpoint } from './catalogue.ts';
import { type PulledFile, type PullFileOptions, pullFile } from './pull-file.ts';
import type { Access } from './request.ts';
import { parseTarget, type Target, type TargetFile, type TargetOptions } from './target.ts';

export interface PullOptions extends TargetOptions {
  /** SHA-256 of the weights, lower-case hex. */
  readonly sha256?: string | undefined;
  readonly force?: boolean;
  /** For gated repositories; goes to the endpoint's own origin only. */
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
  /** A connection that gives nothing for so long is lost; default 60 s. */
  readonly idleMs?: number;
  readonly retry?: { readonly attempts: number; readonly delayMs: number };
  readonly onProgress?: (file: string, done: number, total: number | undefined) => void;
  readonly onNotice?: (text: string) => void;
}

export interface Pulled {
  readonly known: KnownCheckpoint | undefined;
  /** The weights last. */
  readonly files: readonly PulledFile[];
}

/** `$ALIBI_TRAIN_CACHE`, else `alibi-train` in the user's cache. */
export function defaultCache(env: NodeJS.ProcessEnv): string {
  return env.ALIBI_TRAIN_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'alibi-train');
}

/**
 * Have a checkpoint's files on disk, each checked; fetched, or gone on with, where they are not.
 *
 * @param text  a known name, `owner/repository`, `owner/repository/file`, or the URL of a file
 * @throws AlibiError  see {@link parseTarget} and {@link pullFile}
 */
export async function pull(text: string, options: PullOptions): Promise<Pulled> {
  const target = parseTarget(text, options);
  const files: PulledFile[] = [];
  for (const [i, file] of target.files.entries()) {
    const isWeights = i === target.files.length - 1;
    files.push(await pullFile(file, await fileOptions(target, file, options, isWeights)));
  }
  return { known: target.known, files };
}

async function fileOptions(
  target: Target,
  file: TargetFile,
  o: PullOptions,
  isWeights: boolean,
): Promise<PullFileOptions> {
  const notice = o.onNotice ?? (() => {});
  const access: Access = {
    token: o.token,
    tokenOrigin: new URL(o.endpoint).origin,
    signal: o.signal,
    idleMs: o.idleMs ?? 60_000,
  };
  return {
    access,
    page: target.page,
    byHand: await byHand(target),
    sha256: isWeights ? o.sha256 : undefined,
    force: o.force ?? false,
    isForeign: o.out !== undefined,
    retry: {
      ...(o.retry ?? { attempts: 6, delayMs: 1000 }),
      onWait: (reason, waitMs) => notice(`${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`),
    },
    onProgress: (done, total) => o.onProgress?.(file.name, done, total),
    onNotice: notice,
  };
}

/** What a person with another way to the network does: every file that is not there yet, and where it belongs. */
async function byHand(target: Target): Promise<string> {
  const there = await Promise.all(
    target.files.map(({ path }) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = target.files.filter((_, i) => !there[i]);
  const wanted = missing.length === 0 ? target.files : missing;
  const steps = wanted.map(({ url, path }) => `the file at ${url} as ${path}`);
  return `Put ${steps.join(' and ')}, then run this again; or name a mirror with --endpoint.`;
}
