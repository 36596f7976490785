import { readFile } from 'node:fs/promises';
import { sharedPath } from '../../test/shared.ts';
import { openFile } from '../src/weights/open-file.ts';
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

/** One uint8 tensor, which the reader of weights leaves out. */
export async function readUint8(
  set: string,
  name: string,
  key: string,
): Promise<{ readonly shape: readonly number[]; readonly bytes: Uint8Array }> {
  const file = await readFile(sharedPath('golden', set, `${name}.safetensors`));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length));
  const { dtype, shape, data_offsets: offsets } = header[key];
  if (dtype !== 'U8') throw new Error(`${key} is ${dtype}`);
  return { shape, bytes: file.subarray(8 + length + offsets[0], 8 + length + offsets[1]) };
}
