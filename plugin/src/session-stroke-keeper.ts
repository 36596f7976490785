import { sha256 } from './array/fit.ts';
import { type AlibiError, asAlibiError } from './errors.ts';
import { publicLocation } from './labels/provenance.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { addKept, keptByteLimit, type ReadKept, readKept, writeKept } from './session-kept-strokes.ts';
import { canvasOf } from './session-scribbles.ts';
import type { Session } from './session-types.ts';
import { findOpfsStore, openOpfsStore } from './stores/opfs.ts';
import type { WriteStore } from './stores/store.ts';

/** Where strokes are kept; nothing is made there before there is a stroke to keep. */
export interface KeepingPlace {
  /** @returns  undefined where nothing was ever kept, or nothing can be */
  readonly find: () => Promise<WriteStore | undefined>;
  /** @throws AlibiError  there is no storage */
  readonly open: () => Promise<WriteStore>;
}

const folder = 'alibi-zarr-strokes';
const browserStorage: KeepingPlace = { find: () => findOpfsStore(folder), open: () => openOpfsStore(folder) };

/** Files in all; beyond it those go that were begun longest ago. */
const fileLimit = 16;
/** A change is written at most so much later, or ten times as late as writing takes. */
const leastDelayMs = 300;
const delayFactor = 10;

/** What an earlier visit has left of the image. */
export type KeptOffer =
  | { readonly kind: 'none' }
  | { readonly kind: 'strokes'; readonly kept: ReadKept }
  | { readonly kind: 'damaged'; readonly error: AlibiError };

/**
 * Keeps a session's strokes, classes and reviewed slices beyond the tab, a file for each visit of an image, and offers those of earlier visits,
 * newest first. Nothing is taken over unasked, and no failure of the storage reaches the session.
 *
 * Files are named IMAGE-TIME-CHANCE.json: a hash of the image's address and metadata, and when the visit's first stroke was kept.
 *
 * @fires change  offer or failure are others
 */
export class StrokeKeeper extends EventTarget {
  /** Resolves when earlier visits have been looked for. */
  readonly looked: Promise<void>;
  readonly #session: Session;
  readonly #place: KeepingPlace;
  readonly #listening = new AbortController();
  readonly #image: Promise<string>;
  #earlier: `/${string}`[] = [];
  #offer: KeptOffer = { kind: 'none' };
  #failure: AlibiError | null = null;
  /** This visit's file; null before anything is kept. */
  #own: { readonly store: WriteStore; readonly key: `/${string}` } | null = null;
  #written: ReturnType<typeof workOf> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #delayMs = leastDelayMs;
  #writing: Promise<void> = Promise.resolve();

  constructor(session: Session, place: KeepingPlace = browserStorage) {
    super();
    this.#session = session;
    this.#place = place;
    this.#image = imageHash(session.image);
    session.addEventListener('change', () => this.#changed(), { signal: this.#listening.signal });
    this.looked = this.#look();
  }

  /** Aborts with {@link close}. */
  get closed(): AbortSignal {
    return this.#listening.signal;
  }

  get offer(): KeptOffer {
    return this.#offer;
  }

  /** Why strokes are not kept; null while they are. */
  get failure(): AlibiError | null {
    return this.#failure;
  }

  /** Take over what is offered, and keep it as this visit's from now on. */
  async accept(): Promise<void> {
    if (this.#offer.kind !== 'strokes') return;
    const { kept } = this.#offer;
    const [key] = this.#earlier.splice(0, 1);
    this.#setOffer({ kind: 'none' });
    addKept(this.#session, kept);
    await this.flush();
    // The earlier file stays where the strokes could not be written anew.
    if (this.#failure === null) await this.#remove(key);
    await this.#next();
  }

  /** Remove what is offered. */
  async discard(): Promise<void> {
    if (this.#offer.kind === 'none') return;
    const [key] = this.#earlier.splice(0, 1);
    this.#setOffer({ kind: 'none' });
    await this.#remove(key);
    await this.#next();
  }

  /** Write what has changed now. Never rejects: what goes wrong is `failure`. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Write what has changed and listen no more. */
  close(): Promise<void> {
    this.#listening.abort();
    return this.flush();
  }

  #changed(): void {
    if (this.#timer !== null || !this.#isToWrite(workOf(this.#session))) return;
    this.#timer = setTimeout(() => void this.flush(), this.#delayMs);
  }

  #isToWrite(work: ReturnType<typeof workOf>): boolean {
    const written = this.#written;
    const isSame =
      written?.strokes === work.strokes &&
      written.classes === work.classes &&
      written.reviewed === work.reviewed;
    return !isSame && (this.#own !== null || !isNothing(work));
  }

  async #look(): Promise<void> {
    try {
      const image = await this.#image;
      const store = await this.#place.find();
      const keys = store === undefined ? [] : await keptFiles(store);
      this.#earlier = keys.filter((key) => key.startsWith(`/${image}-`)).reverse();
      await this.#next();
    } catch (error) {
      // The storage itself: whether strokes can be kept shows when there are some.
      this.#setOffer({ kind: 'damaged', error: asAlibiError(error, "the browser's storage") });
    }
  }

  /** Offer the newest that is left. */
  async #next(): Promise<void> {
    const [key] = this.#earlier;
    if (key === undefined) return;
    try {
      const store = await this.#place.find();
      const bytes = await store?.get(key, { byteLimit: keptByteLimit });
      if (bytes === undefined) {
        // Another tab has taken it over meanwhile.
        this.#earlier.shift();
        return this.#next();
      }
      const kept = readKept(bytes, canvasOf(this.#session.image), `browser storage/${folder}${key}`);
      this.#setOffer({ kind: 'strokes', kept });
    } catch (error) {
      this.#setOffer({ kind: 'damaged', error: asAlibiError(error, `browser storage/${folder}${key}`) });
    }
  }

  async #write(): Promise<void> {
    const work = workOf(this.#session);
    if (!this.#isToWrite(work)) return;
    const started = performance.now();
    try {
      this.#own ??= await this.#begin();
      if (isNothing(work)) await this.#own.store.delete(this.#own.key);
      else await this.#own.store.set(this.#own.key, writeKept(work, Date.now()));
      this.#written = work;
      this.#setFailure(null);
    } catch (error) {
      this.#setFailure(asAlibiError(error, "the browser's storage"));
    }
    this.#delayMs = Math.max(leastDelayMs, delayFactor * (performance.now() - started));
  }

  /** The file of this visit; those begun longest ago make room for it. */
  async #begin(): Promise<{ readonly store: WriteStore; readonly key: `/${string}` }> {
    const store = await this.#place.open();
    const chance = crypto.getRandomValues(new Uint16Array(1))[0]!.toString(16).padStart(4, '0');
    const key: `/${string}` = `/${await this.#image}-${String(Date.now()).padStart(15, '0')}-${chance}.json`;
    const begun = (name: string) => name.slice(name.indexOf('-'));
    const keys = (await keptFiles(store))
      // What is on offer may still be asked for.
      .filter((name) => name !== this.#earlier[0])
      .sort((a, b) => (begun(a) < begun(b) ? -1 : 1));
    for (const old of keys.slice(0, Math.max(0, keys.length - (fileLimit - 1)))) await store.delete(old);
    return { store, key };
  }

  async #remove(key: `/${string}` | undefined): Promise<void> {
    if (key === undefined) return;
    try {
      const store = await this.#place.find();
      await store?.delete(key);
    } catch (error) {
      this.#setFailure(asAlibiError(error, `browser storage/${folder}${key}`));
    }
  }

  #setOffer(offer: KeptOffer): void {
    this.#offer = offer;
    this.dispatchEvent(new Event('change'));
  }

  #setFailure(failure: AlibiError | null): void {
    if (failure === this.#failure) return;
    this.#failure = failure;
    this.dispatchEvent(new Event('change'));
  }
}

/** What there is to keep; each part is the same object until it changes. */
function workOf({ strokes, classes, review }: Session) {
  return { strokes, classes, reviewed: review.slices };
}

function isNothing({ strokes, reviewed }: ReturnType<typeof workOf>): boolean {
  return strokes.length === 0 && reviewed.length === 0;
}

/** Files of ours, by name: of one image the newest last. */
async function keptFiles(store: WriteStore): Promise<`/${string}`[]> {
  const keys: `/${string}`[] = [];
  for await (const key of store.list?.('/') ?? []) {
    if (/^\/[0-9a-f]{32}-\d{15}-[0-9a-f]{4}\.json$/.test(key)) keys.push(key);
  }
  return keys.sort();
}

/** 32 hexadecimal digits; what may be secret in an address (a signature in its query) has no part in it. */
async function imageHash({ location, metadataHash }: OmeImage): Promise<string> {
  const text = `${publicLocation(location)}\n${metadataHash}`;
  return (await sha256(new TextEncoder().encode(text))).slice(0, 32);
}
