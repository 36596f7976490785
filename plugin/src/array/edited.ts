import { AlibiError } from '../errors.ts';
import { type ChunkData, createData, type LazyArray } from './lazy-array.ts';
import { chunkRegion } from './region.ts';
import { wrapped } from './wrapped.ts';

/** Types of labels that can be edited: their ids are plain numbers. */
export type EditableType = 'uint8' | 'uint16' | 'uint32';

/** Elements `[x0, x1)` of row `y`. */
export interface EditRun {
  readonly y: number;
  readonly x0: number;
  readonly x1: number;
}

export interface EditsOptions {
  /** Bytes of what was written over the array: beyond them an edit is refused. Default 256 MiB. */
  readonly byteLimit?: number;
  /** Bytes of what undo and redo need: beyond them the oldest steps are dropped. Default 64 MiB. */
  readonly undoByteLimit?: number;
}

/** Side of the tiles edits are kept in. */
const tilePx = 128;
const tileElements = tilePx * tilePx;
/** Per element: a value and whether there is one. */
const tileBytes = 5 * tileElements;
/** Per changed element of a step: offset, values before and after, and whether there was one before. */
const changeBytes = 2 + 4 + 4 + 1;

interface Tile {
  readonly ids: Uint32Array;
  /** 1 where `ids` counts. */
  readonly isSet: Uint8Array;
}

/** What a step did to one tile. */
interface Change {
  readonly key: string;
  readonly offsets: Uint16Array;
  readonly before: Uint32Array;
  readonly wasSet: Uint8Array;
  readonly after: Uint32Array;
}

/** One step of undo. */
interface Step {
  readonly changes: readonly Change[];
  /** Base id, what it stood for before and after; `null`: itself. */
  readonly replaced: readonly (readonly [number, number | null, number | null])[];
  readonly byteLength: number;
}

/**
 * A person's edits over a lazy array of ids, kept apart from it: elements that were written, and ids that stand for others
 * everywhere. `array` is the result; its revision grows with every edit. Memory: the tiles that were touched, and the steps of undo,
 * both bounded in bytes.
 *
 *     value = written, else what the base's id stands for, else the base's id
 */
export class Edits<T extends EditableType> {
  /** The base with the edits. */
  readonly array: LazyArray<T>;
  readonly #base: LazyArray<T>;
  readonly #tiles = new Map<string, Tile>();
  readonly #replaced = new Map<number, number>();
  readonly #byteLimit: number;
  readonly #undoByteLimit: number;
  #past: Step[] = [];
  #future: Step[] = [];
  #undoBytes = 0;
  #dropped = 0;
  #revision = 0;

  /** @param base  axes ending in y, x */
  constructor(base: LazyArray<T>, options: EditsOptions = {}) {
    this.#base = base;
    this.#byteLimit = options.byteLimit ?? 256 * 2 ** 20;
    this.#undoByteLimit = options.undoByteLimit ?? 64 * 2 ** 20;
    this.array = this.over(base);
  }

  get revision(): number {
    return this.#revision;
  }
  /** Of what was written and of undo. */
  get byteLength(): number {
    return this.#tiles.size * tileBytes + this.#undoBytes;
  }
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  get canRedo(): boolean {
    return this.#future.length > 0;
  }
  /** Steps that can no longer be undone because they were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * The edits over a coarser level of the same labels: an element shows what was written at its middle.
   *
   * @param level  axes as the base's
   */
  over(level: LazyArray<T>): LazyArray<T> {
    const view = wrapped(level, async (index, options) => {
      const chunk = await level.getChunk(index, options);
      const isUntouched = this.#tiles.size === 0 && this.#replaced.size === 0;
      return isUntouched ? chunk : { shape: chunk.shape, data: this.#applied(level, index, chunk) };
    });
    return Object.defineProperty(view, 'revision', { get: () => this.#revision + level.revision });
  }

  /**
   * Write an id onto elements of one slice.
   *
   * @param lead  index along the axes before y and x
   * @throws AlibiError InvalidInput  the id does not fit into the array's type, or there is no room for more edits
   */
  write(
    lead: readonly number[],
    pieces: readonly { readonly runs: readonly EditRun[]; readonly id: number }[],
  ): void {
    for (const { id } of pieces) this.#assertFits(id);
    const writers = new Map<string, ChangeWriter>();
    for (const { runs, id } of pieces) {
      for (const { y, x0, x1 } of runs) {
        for (let x = x0; x < x1; x++) {
          const key = `${lead.join()}/${Math.floor(y / tilePx)}/${Math.floor(x / tilePx)}`;
          const writer = writers.get(key) ?? new ChangeWriter(this.#tiles.get(key));
          writers.set(key, writer);
          writer.set((y % tilePx) * tilePx + (x % tilePx), id);
        }
      }
    }
    const fresh = [...writers.keys()].filter((key) => !this.#tiles.has(key)).length;
    if ((this.#tiles.size + fresh) * tileBytes > this.#byteLimit) {
      throw new AlibiError('InvalidInput', {
        what: 'there are more edits than fit into memory',
        where: 'edits',
        remedy: 'Save the labels, open them and go on from there.',
      });
    }
    this.#do({ changes: [...writers].map(([key, writer]) => writer.finish(key)), replaced: [] });
  }

  /** Make every element of one id another id, in the whole array; 0 deletes it. */
  replace(from: number, to: number): void {
    if (from === to || from === 0) return;
    this.#assertFits(to);
    const changes: Change[] = [];
    for (const [key, tile] of this.#tiles) {
      const writer = new ChangeWriter(tile);
      tile.ids.forEach((id, offset) => {
        if (id === from && tile.isSet[offset] === 1) writer.set(offset, to);
      });
      const change = writer.finish(key);
      if (change.offsets.length > 0) changes.push(change);
    }
    const replaced: [number, number | null, number | null][] = [];
    for (const [id, now] of this.#replaced)
      if (now === from) replaced.push([id, from, id === to ? null : to]);
    // The base's own elements of that id, unless they stand for something else already.
    if (!this.#replaced.has(from)) replaced.push([from, null, to]);
    this.#do({ changes, replaced });
  }

  undo(): void {
    const step = this.#past.pop();
    if (step === undefined) return;
    for (const change of step.changes) this.#set(change, 'before');
    for (const [id, before] of step.replaced) this.#stand(id, before);
    this.#future.push(step);
    this.#revision++;
  }

  redo(): void {
    const step = this.#future.pop();
    if (step === undefined) return;
    this.#apply(step);
    this.#past.push(step);
  }

  #do(parts: Pick<Step, 'changes' | 'replaced'>): void {
    const changed = parts.changes.reduce((sum, { offsets }) => sum + offsets.length, 0);
    if (changed === 0 && parts.replaced.length === 0) return;
    const step = { ...parts, byteLength: changed * changeBytes + parts.replaced.length * 24 + 64 };
    this.#apply(step);
    for (const gone of this.#future) this.#undoBytes -= gone.byteLength;
    this.#future = [];
    this.#past.push(step);
    this.#undoBytes += step.byteLength;
    while (this.#undoBytes > this.#undoByteLimit) {
      this.#undoBytes -= this.#past.shift()!.byteLength;
      this.#dropped++;
    }
  }

  #apply({ changes, replaced }: Step): void {
    for (const change of changes) this.#set(change, 'after');
    for (const [id, , after] of replaced) this.#stand(id, after);
    this.#revision++;
  }

  #set({ key, offsets, wasSet, ...values }: Change, when: 'before' | 'after'): void {
    const tile = this.#tiles.get(key) ?? {
      ids: new Uint32Array(tileElements),
      isSet: new Uint8Array(tileElements),
    };
    offsets.forEach((offset, n) => {
      tile.ids[offset] = values[when][n]!;
      tile.isSet[offset] = when === 'after' ? 1 : wasSet[n]!;
    });
    if (tile.isSet.includes(1)) this.#tiles.set(key, tile);
    else this.#tiles.delete(key);
  }

  #stand(id: number, forId: number | null): void {
    if (forId === null) this.#replaced.delete(id);
    else this.#replaced.set(id, forId);
  }

  #assertFits(id: number): void {
    const largest = { uint8: 2 ** 8 - 1, uint16: 2 ** 16 - 1, uint32: 2 ** 32 - 1 }[this.#base.dtype];
    if (Number.isInteger(id) && id >= 0 && id <= largest) return;
    throw new AlibiError('InvalidInput', {
      what: `the id ${id} does not fit into labels of ${this.#base.dtype}`,
      where: 'edits',
      remedy: 'Make objects of the labels first: their ids are uint32.',
    });
  }

  /** A chunk of a level with the edits, in a buffer of its own. */
  #applied(
    level: LazyArray<T>,
    index: readonly number[],
    { data: given, shape }: { readonly data: ChunkData[T]; readonly shape: readonly number[] },
  ): ChunkData[T] {
    const data = createData(level.dtype, given.length);
    for (let i = 0; i < given.length; i++) data[i] = this.#replaced.get(given[i]!) ?? given[i]!;
    if (this.#tiles.size === 0) return data;
    const { start } = chunkRegion(level, index);
    const plane = shape.slice(-2).reduce((product, size) => product * size, 1);
    // Position in the base of the middle of an element of the level, by axis.
    const middles = shape.map((size, axis) => {
      const [fine, coarse] = [this.#base.shape[axis]!, level.shape[axis]!];
      return Float64Array.from({ length: size }, (_, i) =>
        Math.min(fine - 1, Math.floor(((start[axis]! + i + 0.5) * fine) / coarse)),
      );
    });
    const [rows, columns] = [middles.at(-2)!, middles.at(-1)!];
    leads(shape.slice(0, -2)).forEach((lead, n) => {
      const prefix = lead.map((i, axis) => middles[axis]![i]!).join();
      this.#applyPlane(data.subarray(n * plane, (n + 1) * plane) as ChunkData[T], { prefix, rows, columns });
    });
    return data;
  }

  #applyPlane(
    data: ChunkData[T],
    {
      prefix,
      rows,
      columns,
    }: { readonly prefix: string; readonly rows: Float64Array; readonly columns: Float64Array },
  ): void {
    rows.forEach((y, i) => {
      const row = `${prefix}/${Math.floor(y / tilePx)}/`;
      for (let j = 0; j < columns.length; ) {
        const column = Math.floor(columns[j]! / tilePx);
        const tile = this.#tiles.get(`${row}${column}`);
        for (; j < columns.length && Math.floor(columns[j]! / tilePx) === column; j++) {
          const offset = (y % tilePx) * tilePx + (columns[j]! % tilePx);
          if (tile?.isSet[offset] === 1) data[i * columns.length + j] = tile.ids[offset]!;
        }
      }
    });
  }
}

/** All positions along some axes, C order. */
function leads(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((lead) => Array.from({ length: size }, (_, i) => [...lead, i])),
    [[]],
  );
}

/** Gathers what a step does to one tile; of an element written twice the last value counts. */
class ChangeWriter {
  readonly #tile: Tile | undefined;
  readonly #after = new Map<number, number>();

  constructor(tile: Tile | undefined) {
    this.#tile = tile;
  }

  set(offset: number, id: number): void {
    this.#after.set(offset, id);
  }

  finish(key: string): Change {
    const offsets = Uint16Array.from(this.#after.keys());
    return {
      key,
      offsets,
      before: Uint32Array.from(offsets, (offset) => this.#tile?.ids[offset] ?? 0),
      wasSet: Uint8Array.from(offsets, (offset) => this.#tile?.isSet[offset] ?? 0),
      after: Uint32Array.from(this.#after.values()),
    };
  }
}
