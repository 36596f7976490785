import { AlibiError } from '../errors.ts';
import { jsonText } from './json-text.ts';
import { type ByteRange, isWritable, type ReadStore, type StoreOptions, type WriteStore } from './store.ts';

/** A place that holds `labels/…` of an image that lies elsewhere. */
export interface Sidecar {
  readonly store: ReadStore;
  /** Group whose `labels` belong to the image. */
  readonly path: string;
}

/** An image's store that shows labels from elsewhere as if they lay inside the image. */
export interface UnionStore {
  /** Writable where the image's own is; what is written goes there. */
  readonly store: ReadStore | WriteStore;
  /** Show this place's labels too, before those of the image and of places added earlier; also after they changed. */
  add(sidecar: Sidecar): void;
  /** Labels came or went in one of the places: look anew where each lies. */
  refresh(): void;
  /** Where a label image lies; undefined: in the image itself, or nowhere. */
  ownerOf(name: string): Promise<Sidecar | undefined>;
}

/** @param imagePath  the image's group in `base` */
export function createUnion(base: ReadStore, imagePath: string): UnionStore {
  const union = new Union(base, `${prefixOf(imagePath)}/labels/`);
  const getRange = base.getRange?.bind(base);
  const readable: ReadStore = {
    get: (key, options) => union.get(key, options),
    ...(getRange === undefined
      ? {}
      : {
          getRange: async (key, range, options) => {
            const found = await union.find(key, options);
            if (found === 'listing') return undefined;
            if (found.store.getRange !== undefined) return found.store.getRange(found.key, range, options);
            const whole = await found.store.get(found.key, options);
            return whole && partOf(whole, range);
          },
        }),
  };
  return {
    store: isWritable(base) ? withWrites(readable, base) : readable,
    add: (sidecar) => union.add(sidecar),
    refresh: () => union.refresh(),
    ownerOf: (name) => union.ownerOf(name),
  };
}

function withWrites(readable: ReadStore, base: WriteStore): WriteStore {
  const { conditional } = base;
  const list = base.list?.bind(base);
  const tidy = base.tidy?.bind(base);
  const free = base.free?.bind(base);
  return {
    ...readable,
    set: (key, value, options) => base.set(key, value, options),
    delete: (key, options) => base.delete(key, options),
    ...(list ? { list } : {}),
    ...(tidy ? { tidy } : {}),
    ...(free ? { free } : {}),
    ...(conditional ? { conditional } : {}),
  };
}

/** For a place that gives values as a whole only. */
function partOf(bytes: Uint8Array, range: ByteRange): Uint8Array {
  return 'offset' in range
    ? bytes.subarray(range.offset, range.offset + range.length)
    : bytes.subarray(Math.max(0, bytes.length - range.suffixLength));
}

interface Place {
  readonly store: ReadStore;
  readonly key: `/${string}`;
}

class Union {
  readonly #base: ReadStore;
  /** `/image/labels/` */
  readonly #labels: string;
  #sidecars: readonly Sidecar[] = [];
  /** By label name: which of the places has it. A label is never put together from two. */
  readonly #owners = new Map<string, Promise<Sidecar | undefined>>();

  constructor(base: ReadStore, labels: string) {
    this.#base = base;
    this.#labels = labels;
  }

  add(sidecar: Sidecar): void {
    const others = this.#sidecars.filter(
      ({ store, path }) => store !== sidecar.store || path !== sidecar.path,
    );
    this.#sidecars = [sidecar, ...others];
    this.refresh();
  }

  refresh(): void {
    this.#owners.clear();
  }

  async get(key: `/${string}`, options?: StoreOptions): Promise<Uint8Array | undefined> {
    const found = await this.find(key, options);
    return found === 'listing' ? this.#listing(key, options) : found.store.get(found.key, options);
  }

  async find(key: `/${string}`, options?: StoreOptions): Promise<Place | 'listing'> {
    if (this.#sidecars.length === 0 || !key.startsWith(this.#labels)) return { store: this.#base, key };
    const rest = key.slice(this.#labels.length);
    const name = rest.split('/')[0] ?? '';
    if (name === rest) return 'listing';
    const owner = await this.ownerOf(name);
    options?.signal?.throwIfAborted();
    return owner === undefined
      ? { store: this.#base, key }
      : { store: owner.store, key: `${prefixOf(owner.path)}/labels/${rest}` };
  }

  ownerOf(name: string): Promise<Sidecar | undefined> {
    let owner = this.#owners.get(name);
    if (owner === undefined) {
      owner = this.#look(name);
      this.#owners.set(name, owner);
      owner.catch(() => this.#owners.delete(name));
    }
    return owner;
  }

  async #look(name: string): Promise<Sidecar | undefined> {
    for (const sidecar of this.#sidecars) {
      for (const file of ['zarr.json', '.zgroup', '.zattrs']) {
        const value = await sidecar.store.get(`${prefixOf(sidecar.path)}/labels/${name}/${file}`);
        if (value !== undefined) return sidecar;
      }
    }
    return undefined;
  }

  /** The metadata of the `labels` group, with the names of all places: the image's own first. */
  async #listing(key: `/${string}`, options: StoreOptions | undefined): Promise<Uint8Array | undefined> {
    const file = key.slice(this.#labels.length);
    const values = await Promise.all([
      this.#base.get(key, options),
      ...this.#sidecars.map(({ store, path }) => store.get(`${prefixOf(path)}/labels/${file}`, options)),
    ]);
    const there = values.filter((value) => value !== undefined);
    if (there.length < 2) return there[0];
    const documents = there.map((value) => parseListing(value, key));
    return new TextEncoder().encode(JSON.stringify(documents.reduce(mergedListing)));
  }
}

/** @throws InvalidInputError  it is no JSON */
function parseListing(value: Uint8Array, key: string): unknown {
  const text = jsonText(value, key);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: 'the file is not JSON',
      where: key,
      remedy: 'Repair the listing of the labels, or remove it.',
      cause,
    });
  }
}

/** Two groups' metadata with the names of both, in each list that either of them has. */
function mergedListing(a: unknown, b: unknown): unknown {
  if (!isRecord(a) || !isRecord(b)) return a;
  const merged: Record<string, unknown> = { ...a };
  for (const member of ['attributes', 'ome']) {
    if (member in a || member in b) merged[member] = mergedListing(a[member] ?? {}, b[member] ?? {});
  }
  if ('labels' in a || 'labels' in b) merged.labels = [...new Set([...names(a.labels), ...names(b.labels)])];
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function names(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function prefixOf(path: string): `/${string}` | '' {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}
