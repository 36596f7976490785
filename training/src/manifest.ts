import type { Position } from './onnx/position.ts';
import type { Precision } from './onnx/weight-storage.ts';

/** What `manifest.json` holds; the schema is schemas/src/manifest.schema.json. */
export interface CheckpointManifest {
  readonly format: 'alibi-zarr/manifest/1';
  readonly name: string;
  readonly title?: string;
  readonly architecture: {
    readonly patch: number;
    readonly dim: number;
    readonly blocks: number;
    readonly heads: number;
    readonly registers: number;
    readonly layerScale: boolean;
    readonly mlp: 'gelu' | 'swiglu';
    readonly layerNormEps: number;
  };
  readonly position:
    | Extract<Position, { kind: 'alibi' | 'none' }>
    | { readonly kind: 'learned'; readonly trainedGrid: readonly [number, number] };
  readonly input: { readonly mean: Triple; readonly std: Triple };
  readonly window: { readonly rows: number; readonly cols: number; readonly overlap: number };
  readonly graphs: readonly {
    readonly path: string;
    readonly precision: Precision;
    readonly graph: 'plain' | 'fused';
    readonly bytes: number;
    readonly sha256: string;
    readonly layers: readonly number[];
  }[];
  readonly selfTest: {
    readonly rows: number;
    readonly cols: number;
    readonly seed: number;
    readonly path: string;
    readonly sha256: string;
    readonly tolerance?: number;
  };
  readonly measured: readonly Measured[];
  readonly provenance: Provenance;
}

export type Triple = readonly [number, number, number];

export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly command: string;
  readonly note?: string;
}

export interface Provenance {
  readonly source: string;
  readonly sourceSha256: string;
  readonly licence: string;
  readonly finetuned: boolean;
  readonly command: string;
  readonly tool: string;
}
