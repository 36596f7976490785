import type { PlainError } from '../errors.ts';
import type { Axis, DataType, Scalar, Transform } from './lazy-array.ts';

/** What {@link serveArrays} and {@link connectArrays} say to each other. Plain data; replies carry the id. */

export interface ArrayHandle<T extends DataType = DataType> {
  readonly array: number;
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly dtype: T;
  readonly fillValue: Scalar<T>;
  readonly transform: Transform;
  readonly revision: number;
}

export type ArrayRequest =
  | {
      readonly kind: 'get';
      readonly id: number;
      readonly array: number;
      readonly index: readonly number[];
      readonly priority: number;
    }
  | { readonly kind: 'priority'; readonly id: number; readonly priority: number }
  | { readonly kind: 'abort'; readonly id: number };

export type ArrayReply =
  | {
      readonly kind: 'chunk';
      readonly id: number;
      /** Of the array's dtype; its buffer is transferred. */
      readonly data: ArrayBufferView;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PlainError }
  | { readonly kind: 'aborted'; readonly id: number }
  | { readonly kind: 'revision'; readonly array: number; readonly revision: number };

/** A `MessagePort`, a `Worker`, or a worker's own scope. */
export interface ArrayPort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  start?(): void;
}

/** The data of a message of ours; `undefined` for other people's traffic on the same port. */
export function messageOf<M extends { readonly kind: string }>(
  event: Event,
  kinds: readonly M['kind'][],
): M | undefined {
  if (!('data' in event)) return undefined;
  const data: unknown = event.data;
  if (typeof data !== 'object' || data === null || !('kind' in data)) return undefined;
  // Both ends of the port are this module's own; the kind tells the rest.
  return kinds.some((kind) => kind === data.kind) ? (data as M) : undefined;
}
