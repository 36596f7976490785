import type { GraphKind } from './backend.ts';

/** manifest.json beside a checkpoint's graphs; the schema is schemas/src/manifest.schema.json. */
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
  };
  readonly input: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly window: { readonly rows: number; readonly cols: number; readonly overlap: number };
  readonly graphs: readonly ManifestGraph[];
  readonly selfTest: {
    readonly rows: number;
    readonly cols: number;
    readonly seed: number;
    readonly path: string;
    readonly sha256: string;
    readonly tolerance?: number;
  };
}

export interface ManifestGraph {
  readonly path: string;
  readonly precision: 'fp32' | 'fp16' | 'int8';
  readonly graph: GraphKind;
  readonly bytes: number;
  readonly sha256: string;
}
