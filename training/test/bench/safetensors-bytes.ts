/** A safetensors file in memory. */
export function safetensorsBytes(
  tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array | Uint8Array }>
  >,
): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dtype = data instanceof Uint8Array ? 'U8' : 'F32';
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return Buffer.concat([length, text, ...parts]);
}
