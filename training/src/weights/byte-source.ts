import { AlibiError } from 'alibi-zarr/checkpoint';

/** Random access to bytes; a test double is an object literal. */
export interface ByteSource {
  /** Path, for messages. */
  readonly where: string;
  readonly size: number;
  /** @throws AlibiError  InvalidInput where the range does not lie in the file */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function fromBytes(bytes: Uint8Array, where: string): ByteSource {
  return {
    where,
    size: bytes.byteLength,
    read: async (offset, length) => {
      assertRange({ where, size: bytes.byteLength }, offset, length);
      return bytes.slice(offset, offset + length);
    },
  };
}

export function truncated(where: string, detail: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `the file is truncated or damaged: ${detail}`,
    where,
    remedy: 'Fetch it again and compare its hash with the publisher’s.',
  });
}

/** @throws AlibiError  InvalidInput where the range does not lie in the file */
export function assertRange(source: { where: string; size: number }, offset: number, length: number): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!valid || offset + length > source.size) {
    throw truncated(source.where, `bytes ${offset} to ${offset + length} of ${source.size} are asked for`);
  }
}
