import { sharedPath } from '../../test/shared.ts';
import { openFile } from '../src/weights/byte-source.ts';
import { readSafetensors } from '../src/weights/safetensors.ts';
import type { Tensor } from '../src/weights/vit-weights.ts';

/** Tensors of `shared/golden/<set>/<name>.safetensors`. */
export async function golden(set: string, name: string): Promise<Map<string, Tensor>> {
  const file = await openFile(sharedPath('golden', set, `${name}.safetensors`));
  try {
    return await readSafetensors(file);
  } finally {
    await file.close();
  }
}
