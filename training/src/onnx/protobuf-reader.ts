/** A field of a message: a number for wire types 0, the bytes for wire type 2 (and 1 and 5, four or eight of them). */
export interface ProtobufField {
  readonly field: number;
  readonly value: number | Uint8Array;
}

/**
 * The fields of a protobuf message, in the file's order; bytes are views on the input.
 *
 * @throws RangeError  the message is cut off or not protobuf
 * Source: Protocol Buffers, "Encoding" (varints, wire types 0, 1, 2 and 5).
 */
export function* readMessage(bytes: Uint8Array): Generator<ProtobufField> {
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const wire = tag.value % 8;
    const field = Math.floor(tag.value / 8);
    if (wire === 0) {
      const { value, next } = readVarint(bytes, tag.next);
      yield { field, value };
      at = next;
      continue;
    }
    const length = wire === 2 ? readVarint(bytes, tag.next) : { value: FIXED[wire] ?? -1, next: tag.next };
    const end = length.next + length.value;
    if (length.value < 0 || end > bytes.length) throw new RangeError('not a protobuf message, or cut off');
    yield { field, value: bytes.subarray(length.next, end) };
    at = end;
  }
}

const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Exact up to 2^53; negative int64 values come out as large numbers, which no field read here has. */
export function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte % 128) * scale;
    if (byte < 128) return { value, next: at + 1 };
    scale *= 128;
  }
  throw new RangeError('not a protobuf message, or cut off');
}
