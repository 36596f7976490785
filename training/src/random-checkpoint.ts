import { type CheckpointOptions, writeCheckpoint } from './checkpoint.ts';
import { sha256 } from './hash.ts';
import { type CheckpointManifest, IMAGENET } from './manifest.ts';
import { randomVit } from './random-vit.ts';

export interface RandomCheckpointOptions extends Partial<Omit<CheckpointOptions, 'provenance' | 'measured'>> {
  readonly seed?: number;
  readonly dim?: number;
  readonly blocks?: number;
  readonly patch?: number;
  readonly registers?: number;
}

/**
 * Writes a checkpoint of seeded random weights, small enough for tests; by default dim 24, 2 blocks, 2 heads, patch 14,
 * local ALiBi, windows of 8×8 tokens with 2 overlapped. Not a model of anything: its features are a fixed random
 * nonlinear filter bank of each patch and its neighbours.
 */
export async function writeRandomCheckpoint(
  dir: string,
  options: RandomCheckpointOptions = {},
): Promise<CheckpointManifest> {
  const { seed = 1, dim = 24, blocks = 2, patch = 14, registers = 0, ...rest } = options;
  const weights = randomVit({ seed, dim, blocks, patch, registers });
  return writeCheckpoint(dir, weights, {
    name: `random-${dim}x${blocks}`,
    heads: 2,
    layerNormEps: 1e-6,
    position: {
      kind: 'alibi',
      metric: 'euclidean',
      wrap: false,
      normalise: 'scale',
      distanceScale: 2,
      attentionRadius: null,
      hidePrefix: true,
      slopes: 'constant',
    },
    precision: 'fp32',
    graph: 'plain',
    layers: [],
    input: IMAGENET,
    window: { rows: 8, cols: 8, overlap: 2 },
    ...rest,
    provenance: {
      source: `random weights, seed ${seed}`,
      sourceSha256: sha256(new TextEncoder().encode(JSON.stringify({ seed, dim, blocks, patch, registers }))),
      licence: 'Apache-2.0',
      finetuned: false,
      command: 'writeRandomCheckpoint',
      tool: 'alibi-train',
    },
  });
}
