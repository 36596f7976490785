import { open, rename } from 'node:fs/promises';
import type { StateDict } from './vit-weights.ts';

/**
 * Writes tensors as a safetensors file of float32: whole or not at all.
 *
 * Source: the safetensors format (8 bytes length, JSON header padded to 8, data).
 */
export async function writeSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text + ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const partial = `${path}.part`;
  const file = await open(partial, 'w');
  try {
    await file.write(length);
    await file.write(json);
    for (const { data } of tensors.values()) {
      await file.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}
