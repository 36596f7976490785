import type { Dice } from './dice.ts';
import { hostileBytes } from './hostile-bytes.ts';
import type { Files } from './hostile-store.ts';
import { hostileText } from './hostile-values.ts';
import { type ZipFileEntry, type ZipFileOptions, zipFile } from './zip-file.ts';

const sizes = [0, 1, 0x7fffffff, 0xfffffffe, 0xffffffff, 100_000_000];
const wideSizes = [0n, 2n ** 31n, 2n ** 50n, 2n ** 63n, 2n ** 64n - 1n];

/**
 * A store as a ZIP file in which one thing is wrong.
 *
 * @returns  its bytes, and what was done in a few words
 */
export function hostileArchive(files: Files, dice: Dice): { bytes: Uint8Array<ArrayBuffer>; what: string } {
  const deflate = dice.chance(0.5);
  const entries: ZipFileEntry[] = [...files].map(([key, data]) => ({ name: key.slice(1), data, deflate }));
  const { what, options } = spoil(entries, dice);
  const bytes = zipFile(entries, options);
  if (dice.chance(0.5)) return { bytes, what };
  const more = hostileBytes(bytes, dice);
  return { bytes: new Uint8Array(more.bytes), what: `${what}; ${more.what}` };
}

function spoil(entries: ZipFileEntry[], dice: Dice): { what: string; options: ZipFileOptions } {
  const at = dice.int(entries.length);
  const entry = entries[at]!;
  const change = (fields: Partial<ZipFileEntry>, what: string) => {
    entries[at] = { ...entry, ...fields };
    return { what: `${what} of ${String(entry.name)}`, options: {} };
  };
  return dice.weighted<() => { what: string; options: ZipFileOptions }>([
    [1, () => ({ what: 'nothing', options: {} })],
    [1, () => change({ name: hostileText(dice) }, 'name')],
    [1, () => change({ name: `../${String(entry.name)}` }, 'parent')],
    [1, () => change({ size: dice.pick(sizes) }, 'size')],
    [1, () => change({ packedSize: dice.pick(sizes) }, 'packed size')],
    [1, () => change({ offset: dice.pick(sizes) }, 'offset')],
    [1, () => change({ mode: 0o120777 }, 'link instead')],
    [1, () => change({ method: dice.pick([1, 8, 9, 12, 14, 93, 99]) }, 'method')],
    [1, () => change({ flags: dice.pick([1, 8, 0x2000, 0xffff]) }, 'flags')],
    [1, () => change({ data: new Uint8Array(8_000_000), deflate: true }, 'bomb instead')],
    [
      1,
      () => {
        const pick = (): bigint => dice.pick(wideSizes);
        return change({ zip64: { size: pick(), packedSize: pick(), offset: pick() } }, 'ZIP64 fields');
      },
    ],
    [
      1,
      () => {
        entries.push({ ...entry, data: new TextEncoder().encode('{}') });
        return { what: `${String(entry.name)} twice`, options: {} };
      },
    ],
    [1, () => ({ what: 'entry count', options: { entryCount: dice.pick([0, 1, 65_535]) } })],
    [1, () => ({ what: 'directory size', options: { directorySize: dice.pick(sizes) } })],
    [1, () => ({ what: 'directory offset', options: { directoryOffset: dice.pick(sizes) } })],
  ])();
}
