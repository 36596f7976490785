import { dirname } from 'node:path';
import { readConfig } from './read-config.ts';
import type { ReadWeights } from './read-weights.ts';

/** What tensors do not say and every pass needs. */
export interface WeightsShape {
  readonly heads: number;
  readonly layerNormEps: number;
}

/**
 * Heads: as asked for, else as the run recorded them, else as config.json beside the file says, else dim / 64. The epsilon
 * of the norms likewise, else what the architecture's authors use.
 */
export async function shapeOfWeights(
  path: string,
  { weights, recorded, layerNormEps }: ReadWeights,
  heads?: number,
): Promise<WeightsShape> {
  const config = await readConfig(dirname(path), weights.dim);
  return {
    heads: heads ?? recorded?.heads ?? config.heads ?? Math.max(1, Math.round(weights.dim / 64)),
    layerNormEps: recorded?.layerNormEps ?? config.layerNormEps ?? layerNormEps,
  };
}
