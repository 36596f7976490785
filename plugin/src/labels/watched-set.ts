import { AlibiError } from '../errors.ts';
import type { StoreOptions, WriteStore } from '../stores/store.ts';

/**
 * How a conflicting change by somebody else is kept out: `excluded` by the server, which honours the condition of the
 * write, or `compared`: read again just before it, which leaves a moment in which a change goes unseen.
 */
export type ConflictCheck = 'excluded' | 'compared';

/** A value as it was found, to be replaced only while it is still that. */
export interface Watched {
  readonly key: `/${string}`;
  /** undefined: it was not there */
  readonly bytes: Uint8Array | undefined;
  readonly tag: string | undefined;
}

/** Read a value that is to be replaced later. */
export async function watch(
  store: WriteStore,
  key: `/${string}`,
  options: StoreOptions = {},
): Promise<Watched> {
  if (store.conditional === undefined) return { key, bytes: await store.get(key, options), tag: undefined };
  const found = await store.conditional.get(key, options);
  return { key, bytes: found?.bytes, tag: found?.tag };
}

/**
 * Write a value if nobody has changed it since it was watched.
 *
 * @param probe  key of a value of our own: whether the server honours conditions is tried out on it
 * @returns      how a change would have been noticed
 * @throws AlibiError Conflict  somebody has changed it; theirs is left as it is
 */
export async function setWatched(
  store: WriteStore,
  watched: Watched,
  value: Uint8Array,
  { probe, ...options }: StoreOptions & { readonly probe: `/${string}` },
): Promise<ConflictCheck> {
  const { key, bytes, tag } = watched;
  const condition = bytes === undefined ? null : tag;
  const { conditional } = store;
  if (
    conditional !== undefined &&
    condition !== undefined &&
    (await honours(store, condition, probe, options))
  ) {
    const answer = await conditional.set(key, value, condition, options);
    // Refused after a try whose answer was lost: what stands there is ours.
    if (answer === 'refused' && !same(await store.get(key, options), value)) throw changed(key);
    return 'excluded';
  }
  const now = await store.get(key, options);
  if (!same(now, bytes)) throw changed(key);
  await store.set(key, value, options);
  return 'compared';
}

/** Whether a write whose condition cannot hold is refused; it would write what is there already. */
async function honours(
  store: WriteStore,
  condition: string | null,
  probe: `/${string}`,
  options: StoreOptions,
): Promise<boolean> {
  const { conditional } = store;
  const there = await conditional?.get(probe, options);
  if (conditional === undefined || there === undefined) return false;
  const impossible = condition === null ? null : '"alibi-zarr-no-such-version"';
  return (await conditional.set(probe, there.bytes, impossible, options)) === 'refused';
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Somebody else's write came between. */
export function changed(key: string): AlibiError {
  return new AlibiError('Conflict', {
    what: 'somebody else has changed the labels meanwhile',
    where: key.slice(1),
    remedy:
      'Look at what is there now; then save again, under another name or allowing it to be overwritten (--overwrite).',
    data: { key, changed: true },
  });
}
