import { type ChunkData, createData } from './lazy-array.ts';

/** A column of numbers that grows as values are appended. */
export class Growable<T extends 'float64' | 'uint32'> {
  readonly #dtype: T;
  #values: ChunkData[T];
  #length = 0;

  constructor(dtype: T) {
    this.#dtype = dtype;
    this.#values = createData(dtype, 256);
  }

  get length(): number {
    return this.#length;
  }

  /** Append `count` elements of 0. */
  grow(count: number): void {
    const length = this.#length + count;
    if (length > this.#values.length) {
      const larger = createData(this.#dtype, Math.max(length, 2 * this.#values.length));
      larger.set(this.values);
      this.#values = larger;
    }
    this.#length = length;
  }

  push(value: number): void {
    this.grow(1);
    this.#values[this.#length - 1] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** What is there so far and room for more, without a view of its own; stale once the column has grown. */
  get room(): ChunkData[T] {
    return this.#values;
  }

  /** What is there so far, sharing its memory; stale once the column has grown. */
  get values(): ChunkData[T] {
    // `subarray` keeps the type; TypeScript widens it over the two possible ones.
    return this.#values.subarray(0, this.#length) as ChunkData[T];
  }
}
