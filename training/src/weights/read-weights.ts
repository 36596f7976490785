import { openFile } from './open-file.ts';
import { canonicalise, readTensors, type Scheme } from './scheme.ts';
import type { VitWeights } from './vit-weights.ts';

/**
 * Reads a checkpoint file under any of the three naming schemes.
 *
 * @throws AlibiError  NotFound, InvalidInput or UnsupportedFormat
 */
export async function readWeights(
  path: string,
  o: { readonly trainedGrid?: readonly [number, number] | undefined } = {},
): Promise<{ readonly weights: VitWeights; readonly scheme: Scheme }> {
  const source = await openFile(path);
  try {
    return canonicalise(await readTensors(source), { ...o, where: path });
  } finally {
    await source.close();
  }
}
