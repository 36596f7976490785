import type { Axis, LazyPyramid, Transform } from '../array/lazy-array.ts';
import type { ReadStore } from '../stores/store.ts';

export type OmeVersion = '0.1' | '0.2' | '0.3' | '0.4' | '0.5' | '0.6';

export interface OmeLevel {
  /** Path of the array below the image's group: `0`, `s0`, … */
  readonly path: string;
  readonly shape: readonly number[];
  /** Inner chunks, what one read costs. */
  readonly chunks: readonly number[];
  /** Shard shape where the array is sharded. */
  readonly shards?: readonly number[];
  readonly dtype: string;
  readonly transform: Transform;
}

export interface OmeChannel {
  readonly label: string;
  /** `rrggbb`, lower case. */
  readonly color: string;
  readonly active: boolean;
  /** Contrast limits in stored values, as shown at first. From `omero`, else percentiles (`estimated`). */
  readonly window: {
    readonly start: number;
    readonly end: number;
    readonly min: number;
    readonly max: number;
  };
  readonly estimated: boolean;
}

export interface OmeLabelRef {
  readonly name: string;
  /** Path below the image's group: `labels/NAME`. */
  readonly path: string;
}

/** An opened OME-Zarr multiscale image. */
export interface OmeImage {
  readonly name: string;
  readonly version: OmeVersion;
  readonly zarrFormat: 2 | 3;
  /** As stored; `axes[i]` belongs to `shape[i]` of every level. */
  readonly axes: readonly Axis[];
  /** Finest first; same order as {@link pixels}. */
  readonly levels: readonly OmeLevel[];
  readonly pixels: LazyPyramid;
  readonly channels: readonly OmeChannel[];
  /** True where three uint8 channels are the red, green and blue of one picture. */
  readonly rgb: boolean;
  readonly labels: readonly OmeLabelRef[];
  /** The store and the image's path in it (`''` or `/A/1/0`), for reading beside and writing into it. */
  readonly store: ReadStore;
  readonly path: string;
  /** URL or file name, for messages and provenance. */
  readonly location: string;
  /** The group's attributes, untouched (0.5: the whole `attributes`, with `ome` inside). */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** sha256 of the bytes of the group's metadata file, for provenance. */
  readonly metadataHash: string;
}
