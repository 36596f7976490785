import type { StoreOptions, WriteStore } from '../stores/store.ts';
import type { GroupPath } from './group-metadata.ts';
import {
  type JournalBegin,
  type JournalEntry,
  journalFormat,
  type Purpose,
  parseEntry,
  type StoredObject,
} from './journal-entries.ts';

/**
 * Entries of one file of a journal. A store has no append, so the last file is written anew with every entry until it
 * holds this many: what is sent again stays below some ten kilobytes.
 */
const entriesPerFile = 128;

/** File `n` of the journal in a label's folder; a finished or undone save leaves none. */
function fileKey(label: GroupPath, n: number): `/${string}` {
  return `${label}/alibi-zarr-journal${n === 0 ? '' : `-${n}`}.jsonl`;
}

/**
 * An append-only record of what a save has done, in the label's folder: lines of JSON. Whoever finds one can finish the
 * save, or remove what it left.
 */
export class Journal {
  readonly begin: JournalBegin;
  readonly #store: WriteStore;
  readonly #label: GroupPath;
  /** Lines of the last file, and how many files are full. */
  #lines: string[];
  #full: number;
  readonly #objects = new Map<string, StoredObject>();
  readonly #steps = new Set<string>();
  #owner: string;
  /** Entries that wait for the write under way. */
  #waiting: { line: string; done: () => void; fail: (error: unknown) => void }[] = [];
  #writing = false;

  private constructor(
    store: WriteStore,
    label: GroupPath,
    begin: JournalBegin,
    { lines = [], full = 0 }: { readonly lines?: string[]; readonly full?: number } = {},
  ) {
    this.#store = store;
    this.#label = label;
    this.begin = begin;
    this.#lines = lines;
    this.#full = full;
    this.#owner = begin.owner;
  }

  /** The journal of what did not end, if any. */
  static async read(
    store: WriteStore,
    label: GroupPath,
    options: StoreOptions = {},
  ): Promise<Journal | undefined> {
    let journal: Journal | undefined;
    for (let n = 0; ; n++) {
      const bytes = await store.get(fileKey(label, n), options);
      if (bytes === undefined) return journal;
      const lines = new TextDecoder().decode(bytes).split('\n').filter(Boolean);
      if (n === 0) {
        const begin = parseEntry(lines[0] ?? '', label);
        if (begin?.op !== 'begin') return undefined;
        journal = new Journal(store, label, begin);
      }
      // A file of an older journal that was not removed in full.
      else if (lines[0] !== heading(journal!.begin)) return journal;
      journal!.#take(lines, n);
    }
  }

  /** Start a new one in place of one that is there. */
  static async start(
    store: WriteStore,
    label: GroupPath,
    begin: Omit<JournalBegin, 'op' | 'format' | 'owner' | 'started' | 'purpose'> & {
      readonly purpose?: Purpose;
    },
    { replaces, ...options }: StoreOptions & { readonly replaces?: Journal | undefined } = {},
  ): Promise<Journal> {
    const entry: JournalBegin = {
      op: 'begin',
      format: journalFormat,
      owner: crypto.randomUUID(),
      started: new Date().toISOString(),
      purpose: { kind: 'save' },
      ...begin,
    };
    const journal = new Journal(store, label, entry);
    await journal.#append(entry, options);
    for (let n = replaces === undefined ? 0 : replaces.#full; n > 0; n--)
      await store.delete(fileKey(label, n), options);
    return journal;
  }

  /** What is stored, or known to be empty, by key. */
  get finished(): ReadonlyMap<string, StoredObject> {
    return this.#objects;
  }

  /** Of an object that turns out not to be what was written: it is to be made again. */
  forget(key: string): void {
    this.#objects.delete(key);
  }

  /** Chunks of all levels that are done with. */
  get chunksDone(): number {
    return [...this.#objects.values()].reduce((sum, { written, skipped }) => sum + written + skipped, 0);
  }

  has(step: 'label' | 'listed' | 'consolidated' | 'removed' | `level ${number}`): boolean {
    return this.#steps.has(step);
  }

  /** A save that did not end; what it has made is not thrown away without being asked. */
  get isUnfinishedSave(): boolean {
    return this.begin.purpose.kind === 'save' && !this.has('consolidated');
  }

  /** Resolves once the entry is stored. Entries that come while one is being stored go together. */
  async record(entry: JournalEntry, options: StoreOptions = {}): Promise<void> {
    await this.#append(entry, options);
    this.#note(entry);
  }

  /** Go on where it ends, as its new owner. */
  async resume(options: StoreOptions = {}): Promise<void> {
    await this.record(
      { op: 'resume', owner: crypto.randomUUID(), started: new Date().toISOString() },
      options,
    );
  }

  /** Whether nobody has started or resumed a save of this label since. */
  async isOurs(options: StoreOptions = {}): Promise<boolean> {
    const there = await Journal.read(this.#store, this.#label, options);
    return there !== undefined && there.#owner === this.#owner;
  }

  /** From its end, so that what is left of it is a journal as long as anything is. */
  async remove(options: StoreOptions = {}): Promise<void> {
    for (let n = this.#full; n >= 0; n--) await this.#store.delete(fileKey(this.#label, n), options);
  }

  /** Key of its first file, to try out on it what a server makes of conditions. */
  get key(): `/${string}` {
    return fileKey(this.#label, 0);
  }

  #take(lines: readonly string[], n: number): void {
    const known: string[] = [];
    for (const line of lines) {
      const entry = parseEntry(line, this.#label);
      // The line of a write that was cut off, and all that would follow it.
      if (entry === undefined && line !== heading(this.begin)) break;
      known.push(line);
      if (entry !== undefined) this.#note(entry);
    }
    this.#lines = known;
    this.#full = n;
  }

  #note(entry: JournalEntry): void {
    if (entry.op === 'object') this.#objects.set(entry.key, entry);
    else if (entry.op === 'begin' || entry.op === 'resume') this.#owner = entry.owner;
    else this.#steps.add(entry.op === 'level' ? `level ${entry.level}` : entry.op);
  }

  #append(entry: JournalEntry, options: StoreOptions): Promise<void> {
    return new Promise((done, fail) => {
      this.#waiting.push({ line: JSON.stringify(entry), done, fail });
      if (!this.#writing) void this.#write(options);
    });
  }

  async #write(options: StoreOptions): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.set(...this.#fileWith(batch.map(({ line }) => line)), options);
        for (const { done } of batch) done();
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    this.#writing = false;
  }

  #fileWith(lines: readonly string[]): [`/${string}`, Uint8Array] {
    if (this.#lines.length >= entriesPerFile) {
      this.#full++;
      this.#lines = [heading(this.begin)];
    }
    this.#lines.push(...lines);
    const text = this.#lines.map((line) => `${line}\n`).join('');
    return [fileKey(this.#label, this.#full), new TextEncoder().encode(text)];
  }
}

/** First line of every file but the first: which journal it goes on with. */
function heading({ revision, started }: JournalBegin): string {
  return JSON.stringify({ op: 'more', revision, started });
}
