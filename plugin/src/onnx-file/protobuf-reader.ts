/** A field of a protobuf message; numbers of 64 bits are cut to what a double holds, which no size of ours needs. */
export type ProtobufField =
  | { readonly field: number; readonly value: number }
  | { readonly field: number; readonly bytes: Uint8Array };

/**
 * The fields of a protobuf message one by one; a message inside is bytes, to be read in turn.
 *
 * @throws Error  the bytes are no protobuf
 * Source: Protocol Buffers, "Encoding" (varints, wire types 0, 1, 2 and 5)
 */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('it is cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number has more than ten bytes');
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new Error('it is cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const wire = key % 8;
    if (field === 0) throw new Error('a field has the number 0');
    if (wire === 0) yield { field, value: varint() };
    else if (wire === 2) yield { field, bytes: take(varint()) };
    else if (wire === 1) yield { field, bytes: take(8) };
    else if (wire === 5) yield { field, bytes: take(4) };
    else throw new Error(`a field is of kind ${wire}`);
  }
}
