/**
 * A writer of the protobuf wire format, as much of it as an ONNX file needs.
 *
 * Large byte fields are kept by reference until {@link ProtobufWriter.finish}, so a model is copied once.
 * Source: Protocol Buffers, "Encoding" (varints, wire types 0, 2 and 5).
 */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #small: number[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength + this.#small.length;
  }

  /** int32, int64 and enum fields; negative values take ten bytes, as the format has it. */
  integer(field: number, value: number | bigint): this {
    this.#varint((field << 3) | VARINT);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint((field << 3) | FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#small.push(...bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** @param value  kept by reference until {@link finish}; do not change it before */
  bytes(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | LENGTH_DELIMITED);
    this.#varint(value.byteLength);
    this.#append(value);
    return this;
  }

  message(field: number, message: ProtobufWriter): this {
    this.#varint((field << 3) | LENGTH_DELIMITED);
    this.#varint(message.byteLength);
    message.#flush();
    for (const part of message.#parts) this.#append(part);
    return this;
  }

  /** @returns the whole message; the caller owns the buffer */
  finish(): Uint8Array<ArrayBuffer> {
    this.#flush();
    const out = new Uint8Array(this.#byteLength);
    let offset = 0;
    for (const part of this.#parts) {
      out.set(part, offset);
      offset += part.byteLength;
    }
    return out;
  }

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#small.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#small.push(Number(rest));
  }

  #append(part: Uint8Array): void {
    this.#flush();
    this.#parts.push(part);
    this.#byteLength += part.byteLength;
  }

  #flush(): void {
    if (this.#small.length === 0) return;
    const part = Uint8Array.from(this.#small);
    this.#small = [];
    this.#parts.push(part);
    this.#byteLength += part.byteLength;
  }
}
