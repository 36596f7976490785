import { fileURLToPath } from 'node:url';

/** Path of the shipped checkpoint's manifest, from the built bench as from its source. */
export const defaultModel = fileURLToPath(
  import.meta.resolve('alibi-zarr/models/alibi-dv2-vits14-local/manifest.json'),
);
