import { type CheckpointManifest, parseCheckpointManifest } from 'alibi-zarr-schemas';
import { AlibiError } from '../errors.ts';

/** One of a checkpoint's ONNX files. */
export type ManifestGraph = CheckpointManifest['graphs'][number];

/**
 * What came from outside as a manifest.
 *
 * @throws AlibiError UnsupportedFormat  naming the first field that does not fit the schema, or is not possible
 */
export function parseManifest(value: unknown, location: string): CheckpointManifest {
  const outcome = parseCheckpointManifest(value);
  if (!outcome.ok)
    throw unsupported(`${outcome.path === '' ? 'the manifest' : outcome.path} ${outcome.message}`, location);
  const { rows, cols, overlap } = outcome.value.window;
  if (overlap >= Math.min(rows, cols)) {
    throw unsupported(
      `/window/overlap is ${overlap}, not smaller than the window of ${rows} × ${cols} tokens`,
      location,
    );
  }
  return outcome.value;
}

function unsupported(what: string, where: string): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what,
    where,
    remedy: 'Point at a manifest.json written by "alibi-train convert", or convert the checkpoint again.',
  });
}
