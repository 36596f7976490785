import type { Position } from '../onnx/position.ts';
import type { VitWeights } from '../weights/vit-weights.ts';

/** What the tensors of a transformer do not say themselves. */
export interface VitConfig {
  readonly patch: number;
  readonly dim: number;
  readonly blocks: number;
  readonly heads: number;
  readonly registers: number;
  readonly layerNormEps: number;
  readonly position: Position;
  /** Of the learned position embedding, where there is one; and whether CLS has a row in it. */
  readonly embedding: {
    readonly grid: readonly [rows: number, cols: number];
    readonly withCls: boolean;
  } | null;
}

export function vitConfig(
  weights: VitWeights,
  o: { readonly heads: number; readonly layerNormEps: number; readonly position: Position },
): VitConfig {
  return {
    patch: weights.patch,
    dim: weights.dim,
    blocks: weights.blocks.length,
    registers: weights.registers.shape[0] ?? 0,
    embedding: weights.position && { grid: weights.position.grid, withCls: weights.position.cls !== null },
    ...o,
  };
}
