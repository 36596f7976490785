import {
  type Axis,
  type Chunk,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
} from '../../src/array/lazy-array.ts';
import { chunkRegion } from '../../src/array/region.ts';

export interface FakeArray<T extends DataType> extends LazyArray<T> {
  /** Indices asked for so far, joined with commas. */
  readonly asked: string[];
  revision: number;
}

export interface FakeOptions<T extends DataType> {
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly dtype?: T;
  readonly axes?: readonly string[];
  /** Value at an index; default: its position in C order. */
  readonly value?: (index: readonly number[]) => number | bigint;
  /** Runs before a chunk is given. */
  readonly before?: (index: readonly number[], signal: AbortSignal | undefined) => Promise<void>;
  readonly scale?: readonly number[];
  readonly translation?: readonly number[];
}

/** An array in memory, made element by element. */
export function fakeArray<T extends DataType = 'float32'>(options: FakeOptions<T>): FakeArray<T> {
  const { shape, chunkShape, before } = options;
  // The default of the type parameter is the default of the option.
  const dtype = options.dtype ?? ('float32' as T);
  const names = options.axes ?? ['t', 'c', 'z', 'y', 'x'].slice(-shape.length);
  const axes: Axis[] = names.map((name) => ({ name }));
  const value = options.value ?? ((index) => position(index, shape));
  const asked: string[] = [];
  return {
    axes,
    shape,
    chunkShape,
    dtype,
    fillValue: 0 as LazyArray<T>['fillValue'],
    transform: {
      scale: options.scale ?? shape.map(() => 1),
      translation: options.translation ?? shape.map(() => 0),
    },
    revision: 0,
    asked,
    async getChunk(index, { signal }) {
      asked.push(index.join());
      await before?.(index, signal);
      const { start, stop } = chunkRegion({ shape, chunkShape }, index);
      const size = start.map((begin, axis) => stop[axis]! - begin);
      const data = createData(dtype, elementCount(size));
      for (let i = 0; i < data.length; i++)
        data[i] = value(unravel(i, size).map((at, axis) => at + start[axis]!)) as number;
      return { data, shape: size } satisfies Chunk<T>;
    },
  };
}

export function position(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((sum, at, axis) => sum * shape[axis]! + at, 0);
}

export function unravel(offset: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = offset; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}

/** A promise settled from outside. */
export function deferred<R = void>() {
  let resolve!: (value: R) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<R>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Rejects when `signal` aborts, never resolves. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Let everything that is ready happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Uniform in [0, 1) from a seed (xorshift32). */
export function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Listeners an AbortSignal has now: counted by wrapping it. */
export function countedSignal(signal: AbortSignal): {
  readonly signal: AbortSignal;
  readonly listeners: () => number;
} {
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--;
    remove(...args);
  };
  return { signal, listeners: () => count };
}
