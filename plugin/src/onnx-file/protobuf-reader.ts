/** A field of a protobuf message; numbers of 64 bits are cut to what a double holds, which no size of ours needs. */
export type ProtobufField =
  | { readonly field: number; readonly value: number }
  | { readonly field: number; readonly bytes: Uint8Array };

/**
 * The fields of a protobuf message one by one; a message inside is bytes, to be read in turn. Bytes are views on the input.
 *
 * @throws RangeError  the bytes are no protobuf, or cut off
 * Source: Protocol Buffers, "Encoding" (varints, wire types 0, 1, 2 and 5)
 */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  for (let at = 0; at < bytes.length; ) {
    const key = varintAt(bytes, at);
    const field = Math.floor(key.value / 8);
    const wire = key.value % 8;
    if (field === 0) throw new RangeError('a field has the number 0');
    if (wire === 0) {
      const { value, next } = varintAt(bytes, key.next);
      at = next;
      yield { field, value };
      continue;
    }
    const fixed = fixedBytes[wire];
    if (wire !== 2 && fixed === undefined) throw new RangeError(`a field is of kind ${wire}`);
    const { value: length, next } =
      fixed === undefined ? varintAt(bytes, key.next) : { value: fixed, next: key.next };
    if (length > bytes.length - next) throw new RangeError('it is cut off');
    at = next + length;
    yield { field, bytes: bytes.subarray(next, at) };
  }
}

/**
 * The numbers of a packed field, each a varint.
 *
 * @throws RangeError  they are none, or cut off
 */
export function protobufNumbers(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = varintAt(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

/** Lengths of the wire types that have one of their own. */
const fixedBytes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function varintAt(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = start; at < start + 10; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError('it is cut off');
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new RangeError('a number has more than ten bytes');
}
