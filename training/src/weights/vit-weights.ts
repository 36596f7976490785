/** A tensor in memory. */
export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major; float32 whatever the file held. Shared: do not write into it. */
  readonly data: Float32Array;
}

/** The tensors of a file by the names the file gives them. */
export type StateDict = ReadonlyMap<string, Tensor>;

export interface Affine {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

export interface Norm {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** fc1 [hidden, dim], GELU, fc2 [dim, hidden] — or, gated, `gateAndValue` [2·hidden, dim] (gate first), `out` [dim, hidden]. */
export type Mlp =
  | { readonly kind: 'gelu'; readonly fc1: Affine; readonly fc2: Affine }
  | { readonly kind: 'swiglu'; readonly gateAndValue: Affine; readonly out: Affine };

export interface Block {
  readonly norm1: Norm;
  /** weight [3·dim, dim]: query, key, value. */
  readonly qkv: Affine;
  readonly proj: Affine;
  readonly layerScale1: Tensor | null;
  readonly norm2: Norm;
  readonly mlp: Mlp;
  readonly layerScale2: Tensor | null;
  /** Learned ALiBi slopes, one a head. */
  readonly slopes: Tensor | null;
}

export interface PositionEmbedding {
  /** Tokens along y and x of the grid it was trained on. */
  readonly grid: readonly [rows: number, cols: number];
  /** [rows·cols, dim], row-major. */
  readonly patches: Tensor;
  /** [dim] to add to CLS, or null where the file has none (timm folds it into the token of register models). */
  readonly cls: Tensor | null;
}

/** One vision transformer, whatever the file's names were. */
export interface VitWeights {
  readonly patch: number;
  readonly dim: number;
  /** [dim, 3, patch, patch] and [dim] */
  readonly patchEmbedding: Affine;
  /** [dim] */
  readonly cls: Tensor;
  /** [registers, dim] */
  readonly registers: Tensor;
  readonly position: PositionEmbedding | null;
  readonly blocks: readonly Block[];
  readonly norm: Norm;
}
