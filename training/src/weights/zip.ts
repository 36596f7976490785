import { AlibiError } from 'alibi-zarr/checkpoint';
import { type ByteSource, truncated } from './byte-source.ts';

export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
  /** Of its bytes in the file. */
  readonly packed: number;
  /** @throws AlibiError  InvalidInput where the entry is damaged */
  read(): Promise<Uint8Array>;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const SATURATED_32 = 0xffffffff;
// A zip's comment is at most 65,535 bytes; the record that ends it 22.
const TAIL_BYTES = 65_557;
const DIRECTORY_LIMIT = 256 * 2 ** 20;

/**
 * The entries of a zip or zip64 file by name: as much of the format as `torch.save` writes, read from its directory.
 *
 * @throws AlibiError  InvalidInput where the directory is damaged
 * Source: PKWARE APPNOTE 6.3, §4.3.
 */
export async function readZip(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const directory = await locateDirectory(source);
  if (directory.size > DIRECTORY_LIMIT)
    throw truncated(source.where, `its directory claims ${directory.size} bytes`);
  const bytes = await source.read(directory.offset, directory.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= bytes.byteLength && view.getUint32(at, true) === CENTRAL; ) {
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const end = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (end > bytes.byteLength) throw truncated(source.where, 'its directory is cut off');
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes));
    const extra = new DataView(bytes.buffer, bytes.byteOffset + at + 46 + nameBytes, extraBytes);
    if (entries.has(name)) throw truncated(source.where, `the entry ${name.slice(0, 200)} is in it twice`);
    entries.set(name, entryOf(source, name, view, at, extra));
    at = end;
  }
  assertApart([...entries.values()], source.where);
  return entries;
}

/** Entries that share their bytes are how a small file claims to hold many large tensors. */
function assertApart(entries: readonly ZipEntry[], where: string): void {
  const byOffset = entries.toSorted((a, b) => a.offset - b.offset);
  for (let i = 1; i < byOffset.length; i++) {
    const [before, next] = [byOffset[i - 1], byOffset[i]];
    if (before === undefined || next === undefined) continue;
    if (before.offset + before.packed <= next.offset) continue;
    throw truncated(
      where,
      `the entry ${next.name.slice(0, 200)} lies in the bytes of ${before.name.slice(0, 200)}`,
    );
  }
}

async function locateDirectory(source: ByteSource): Promise<{ offset: number; size: number }> {
  const start = Math.max(0, source.size - TAIL_BYTES);
  const tail = await source.read(start, source.size - start);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tail.byteLength - 22;
  while (at >= 0 && view.getUint32(at, true) !== END) at--;
  if (at < 0) throw truncated(source.where, 'the end of the zip directory is missing');
  const found = { size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
  if (at < 20 || view.getUint32(at - 20, true) !== LOCATOR_64) return found;
  const record = await source.read(Number(view.getBigUint64(at - 12, true)), 56);
  const wide = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (wide.getUint32(0, true) !== END_64) throw truncated(source.where, 'its zip64 directory is missing');
  return { size: Number(wide.getBigUint64(40, true)), offset: Number(wide.getBigUint64(48, true)) };
}

function entryOf(source: ByteSource, name: string, view: DataView, at: number, extra: DataView): ZipEntry {
  const method = view.getUint16(at + 10, true);
  let packed = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  let offset = view.getUint32(at + 42, true);
  // Zip64 keeps, in this order, those of the three that do not fit 32 bits.
  const wide = zip64Values(extra);
  if (size === SATURATED_32) size = wide.shift() ?? size;
  if (packed === SATURATED_32) packed = wide.shift() ?? packed;
  if (offset === SATURATED_32) offset = wide.shift() ?? offset;
  return {
    name,
    size,
    offset,
    packed,
    read: () => readEntry(source, { name, method, packed, size, offset }),
  };
}

function zip64Values(extra: DataView): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1 && at + 4 + length <= extra.byteLength) {
      const count = Math.floor(length / 8);
      return Array.from({ length: count }, (_, i) => Number(extra.getBigUint64(at + 4 + 8 * i, true)));
    }
    at += 4 + length;
  }
  return [];
}

async function readEntry(
  source: ByteSource,
  entry: { name: string; method: number; packed: number; size: number; offset: number },
): Promise<Uint8Array> {
  const header = await source.read(entry.offset, 30);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== LOCAL)
    throw truncated(source.where, `the entry ${entry.name} is not where it should be`);
  const start = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const bytes = await source.read(start, entry.packed);
  if (entry.method !== 0) {
    throw new AlibiError('UnsupportedFormat', {
      what: `the entry ${entry.name} is compressed, which torch.save never does`,
      where: source.where,
      remedy: 'Save the weights again with torch.save.',
    });
  }
  if (entry.packed !== entry.size) throw truncated(source.where, `the entry ${entry.name} has two sizes`);
  return bytes;
}
