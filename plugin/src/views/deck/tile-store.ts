import { type AlibiError, asAlibiError, isAbort } from '../../errors.ts';

export interface TileLoad {
  readonly signal: AbortSignal;
  /** Smaller is sooner; changes as the view moves. */
  readonly priority: () => number;
}

/** A tile somebody wants, in order of urgency. */
export interface TileWish<D> {
  readonly key: string;
  readonly load: (options: TileLoad) => Promise<D>;
}

export type TileState<D> =
  | { readonly kind: 'queued' }
  | { readonly kind: 'running'; readonly abort: AbortController }
  | { readonly kind: 'ready'; readonly data: D; readonly byteLength: number }
  | {
      readonly kind: 'failed';
      readonly error: AlibiError;
      readonly attempts: number;
      readonly retryAtMs: number | null;
    };

export interface TileStoreOptions<D> {
  readonly byteLength: (data: D) => number;
  /** Tiles out of view are kept up to this many bytes; what is in view is always kept. */
  readonly byteLimit: number;
  /** Loads at a time. */
  readonly slots: number;
  readonly onChange: () => void;
  readonly onError?: (error: AlibiError, key: string) => void;
}

/** First wait before a failed tile is asked for again, doubled each time up to the limit. */
const firstRetryMs = 1000;
const longestRetryMs = 30_000;

/**
 * Tiles that are loading, ready or failed. One list of wishes replaces the last: what left it is aborted
 * or dropped from the queue at once, what is in it is loaded in its order.
 *
 *     queued ─► running ─► ready ─► (evicted)
 *        ▲         └─────► failed ──┐
 *        └──── back-off, retry() ◄──┘
 */
export class TileStore<D> {
  readonly #options: TileStoreOptions<D>;
  /** Insertion order is the order of use: the first ready tile was used longest ago. */
  readonly #tiles = new Map<string, TileState<D>>();
  #wishes = new Map<string, { readonly wish: TileWish<D>; readonly rank: number }>();
  #running = 0;
  #byteLength = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(options: TileStoreOptions<D>) {
    this.#options = options;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Wanted tiles that are not there yet, failed ones left out. */
  get pending(): number {
    let count = 0;
    for (const key of this.#wishes.keys()) {
      const kind = this.#tiles.get(key)?.kind;
      if (kind === 'queued' || kind === 'running') count++;
    }
    return count;
  }

  get(key: string): TileState<D> | undefined {
    return this.#tiles.get(key);
  }

  /** The data of a ready tile, marked as used. */
  ready(key: string): D | undefined {
    const state = this.#tiles.get(key);
    if (state?.kind !== 'ready') return undefined;
    this.#tiles.delete(key);
    this.#tiles.set(key, state);
    return state.data;
  }

  /** Replace the list of what is wanted, most urgent first. */
  want(wishes: readonly TileWish<D>[]): void {
    this.#wishes = new Map(wishes.map((wish, rank) => [wish.key, { wish, rank }]));
    for (const [key, state] of this.#tiles) {
      if (this.#wishes.has(key)) continue;
      if (state.kind === 'running') state.abort.abort();
      if (state.kind !== 'ready') this.#tiles.delete(key);
    }
    for (const key of this.#wishes.keys()) {
      if (!this.#tiles.has(key)) this.#tiles.set(key, { kind: 'queued' });
    }
    this.#evict();
    this.#pump();
  }

  /** Ask again for everything that failed. */
  retry(): void {
    for (const [key, state] of this.#tiles)
      if (state.kind === 'failed') this.#tiles.set(key, { kind: 'queued' });
    this.#pump();
    this.#options.onChange();
  }

  /** Abort what runs and forget everything. */
  clear(): void {
    for (const state of this.#tiles.values()) if (state.kind === 'running') state.abort.abort();
    this.#tiles.clear();
    this.#wishes.clear();
    this.#byteLength = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  close(): void {
    this.#closed = true;
    this.clear();
  }

  #pump(): void {
    if (this.#closed) return;
    const now = performance.now();
    let nextRetryMs = Number.POSITIVE_INFINITY;
    for (const [key, { wish }] of this.#wishes) {
      if (this.#running >= this.#options.slots) break;
      const state = this.#tiles.get(key);
      if (state?.kind === 'failed' && state.retryAtMs !== null) {
        if (state.retryAtMs > now) nextRetryMs = Math.min(nextRetryMs, state.retryAtMs - now);
        else void this.#load(key, wish, state.attempts);
      } else if (state?.kind === 'queued') void this.#load(key, wish, 0);
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = Number.isFinite(nextRetryMs) ? setTimeout(() => this.#pump(), nextRetryMs) : null;
  }

  async #load(key: string, wish: TileWish<D>, attempts: number): Promise<void> {
    const abort = new AbortController();
    const mine: TileState<D> = { kind: 'running', abort };
    this.#tiles.set(key, mine);
    this.#running++;
    const settle = (state: TileState<D> | null): void => {
      this.#running--;
      // Dropped, or dropped and wanted again, while it was loading: what came belongs to nobody.
      if (this.#tiles.get(key) === mine) {
        if (state === null) this.#tiles.delete(key);
        else this.#tiles.set(key, state);
        if (state?.kind === 'ready') {
          this.#byteLength += state.byteLength;
          this.#evict();
        }
        this.#options.onChange();
      }
      this.#pump();
    };
    try {
      const priority = () => this.#wishes.get(key)?.rank ?? Number.MAX_SAFE_INTEGER;
      const data = await wish.load({ signal: abort.signal, priority });
      settle({ kind: 'ready', data, byteLength: this.#options.byteLength(data) });
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) {
        settle(null);
        return;
      }
      const failure = asAlibiError(error, `tile ${key}`);
      const retryAtMs = isTransient(failure)
        ? performance.now() + Math.min(longestRetryMs, firstRetryMs * 2 ** attempts)
        : null;
      settle({ kind: 'failed', error: failure, attempts: attempts + 1, retryAtMs });
      if (attempts === 0) this.#options.onError?.(failure, key);
    }
  }

  #evict(): void {
    for (const [key, state] of this.#tiles) {
      if (this.#byteLength <= this.#options.byteLimit) return;
      if (state.kind !== 'ready' || this.#wishes.has(key)) continue;
      this.#tiles.delete(key);
      this.#byteLength -= state.byteLength;
    }
  }
}

/** Worth asking again without being told to: lost connections and servers that are busy. */
function isTransient(error: AlibiError): boolean {
  if (error.tag !== 'Network') return false;
  const status = error.data.status;
  return typeof status !== 'number' || status >= 500 || status === 408 || status === 429;
}
