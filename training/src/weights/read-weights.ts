import { openFile } from './open-file.ts';
import { type CanonicalWeights, canonicalise, readTensors } from './scheme.ts';

/**
 * Reads a checkpoint file under any of the three naming schemes.
 *
 * @throws AlibiError  NotFound, InvalidInput or UnsupportedFormat
 */
export async function readWeights(
  path: string,
  o: { readonly trainedGrid?: readonly [number, number] | undefined } = {},
): Promise<CanonicalWeights> {
  const source = await openFile(path);
  try {
    return canonicalise(await readTensors(source), { ...o, where: path });
  } finally {
    await source.close();
  }
}
