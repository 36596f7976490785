import { crc32, deflateRawSync } from 'node:zlib';

/** An entry as it is written; what is not given is what an honest writer gives. */
export interface ZipFileEntry {
  readonly name: string | Uint8Array;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** What the directory claims. */
  readonly size?: number;
  readonly packedSize?: number;
  readonly checksum?: number;
  readonly method?: number;
  readonly flags?: number;
  /** Upper half: Unix mode, such as 0o120777 for a symbolic link. */
  readonly mode?: number;
  /** Where the directory says that the local header lies. */
  readonly offset?: number;
  /** ZIP64 sizes and offset, written instead of those above. */
  readonly zip64?: { readonly size: bigint; readonly packedSize: bigint; readonly offset: bigint };
}

export interface ZipFileOptions {
  /** What the end record claims. */
  readonly entryCount?: number;
  readonly directorySize?: number;
  readonly directoryOffset?: number;
}

/**
 * A ZIP file, honest or not, written field by field.
 *
 * Source: PKWARE APPNOTE 6.3, §4.3.7, §4.3.12, §4.3.16, §4.5.3
 */
export function zipFile(
  entries: readonly ZipFileEntry[],
  options: ZipFileOptions = {},
): Uint8Array<ArrayBuffer> {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const packed = entry.deflate ? deflateRawSync(entry.data) : Buffer.from(entry.data);
    const fields = { packed, offset, name: Buffer.from(entry.name) };
    const local = localHeader(entry, fields);
    bodies.push(local, packed);
    directory.push(directoryHeader(entry, fields));
    offset += local.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE((options.entryCount ?? entries.length) & 0xffff, 8);
  end.writeUInt16LE((options.entryCount ?? entries.length) & 0xffff, 10);
  end.writeUInt32LE(options.directorySize ?? central.length, 12);
  end.writeUInt32LE(options.directoryOffset ?? offset, 16);
  return new Uint8Array(Buffer.concat([...bodies, central, end]));
}

interface Fields {
  readonly packed: Buffer;
  readonly offset: number;
  readonly name: Buffer;
}

function localHeader(entry: ZipFileEntry, { packed, name }: Fields): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  common(header, 4, entry, packed);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function directoryHeader(entry: ZipFileEntry, { packed, offset, name }: Fields): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  // Made on Unix, so that the mode counts.
  header.writeUInt16LE(0x0314, 4);
  common(header, 6, entry, packed);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  header.writeUInt32LE(entry.zip64 ? 0xffffffff : (entry.offset ?? offset), 42);
  if (entry.zip64 === undefined) return Buffer.concat([header, name]);
  header.writeUInt32LE(0xffffffff, 20);
  header.writeUInt32LE(0xffffffff, 24);
  header.writeUInt16LE(28, 30);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(entry.zip64.size, 4);
  extra.writeBigUInt64LE(entry.zip64.packedSize, 12);
  extra.writeBigUInt64LE(entry.zip64.offset, 20);
  return Buffer.concat([header, name, extra]);
}

/** Version, flags, method, time, checksum and sizes, which both headers have in this order. */
function common(header: Buffer, at: number, entry: ZipFileEntry, packed: Buffer): void {
  header.writeUInt16LE(45, at);
  header.writeUInt16LE(entry.flags ?? 0x0800, at + 2);
  header.writeUInt16LE(entry.method ?? (entry.deflate ? 8 : 0), at + 4);
  header.writeUInt16LE(0x21, at + 8);
  header.writeUInt32LE(entry.checksum ?? crc32(entry.data), at + 10);
  header.writeUInt32LE(entry.packedSize ?? packed.length, at + 14);
  header.writeUInt32LE(entry.size ?? entry.data.length, at + 18);
}
