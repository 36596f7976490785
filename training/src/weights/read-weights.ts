import type { StudentRecord } from 'alibi-zarr-schemas';
import { openFile } from './open-file.ts';
import { readMetadata } from './safetensors.ts';
import { type CanonicalWeights, canonicalise, isSafetensors, readTensors } from './scheme.ts';
import { parseRecord } from './student-record.ts';

export interface ReadWeights extends CanonicalWeights {
  /** What finetune wrote beside the tensors; null: the weights are nobody's student. */
  readonly recorded: StudentRecord | null;
}

/**
 * Reads a checkpoint file under any of the three naming schemes.
 *
 * @throws AlibiError  NotFound, InvalidInput or UnsupportedFormat
 */
export async function readWeights(
  path: string,
  o: { readonly trainedGrid?: readonly [number, number] | undefined } = {},
): Promise<ReadWeights> {
  const source = await openFile(path);
  try {
    const canonical = canonicalise(await readTensors(source), { ...o, where: path });
    const metadata = (await isSafetensors(source)) ? await readMetadata(source) : new Map<string, unknown>();
    return { ...canonical, recorded: parseRecord(metadata, path) };
  } finally {
    await source.close();
  }
}
