import type { CheckpointManifest } from 'alibi-zarr-schemas';

export type { CheckpointManifest };

/** Red, green, blue. */
export type Triple = readonly [number, number, number];

/** Three numbers of a manifest, whose schema asks for three. */
export function asTriple([red = 0, green = 0, blue = 0]: readonly number[]): Triple {
  return [red, green, blue];
}

export type Measured = CheckpointManifest['measured'][number];
export type Provenance = CheckpointManifest['provenance'];

/** Whether one figure replaces the other: the same quantity of the same graph on the same provider. */
export function isSameFigure(a: Measured, b: Measured): boolean {
  return a.name === b.name && a.precision === b.precision && a.provider === b.provider;
}
