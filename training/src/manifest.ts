import type { CheckpointManifest } from 'alibi-zarr-schemas';

export type { CheckpointManifest };

/** Red, green, blue. */
export type Triple = readonly [number, number, number];

export type Measured = CheckpointManifest['measured'][number];
export type Provenance = CheckpointManifest['provenance'];
