import type { CheckpointManifest, CheckpointPosition } from 'alibi-zarr-schemas';
import type { Position } from './onnx/position.ts';
import type { VitWeights } from './weights/vit-weights.ts';

export type { CheckpointManifest };

/** Red, green, blue. */
export type Triple = readonly [number, number, number];

/** Three numbers of a manifest, whose schema asks for three. */
export function asTriple([red = 0, green = 0, blue = 0]: readonly number[]): Triple {
  return [red, green, blue];
}

/** How most public transformers want their pixels, of 0…1. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

export type Measured = CheckpointManifest['measured'][number];
export type Provenance = CheckpointManifest['provenance'];

/** Whether one figure replaces the other: the same quantity of the same graph on the same provider. */
export function isSameFigure(a: Measured, b: Measured): boolean {
  return a.name === b.name && a.precision === b.precision && a.provider === b.provider;
}

/** A position as it is written down: a learned embedding with the grid it was trained for. */
export function storedPosition(position: Position, weights: VitWeights): CheckpointPosition {
  if (position.kind !== 'learned') return position;
  return { kind: 'learned', trainedGrid: [...(weights.position?.grid ?? [1, 1])] };
}
