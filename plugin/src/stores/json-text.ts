import { AlibiError } from '../errors.ts';

/** Longer than the consolidated metadata of a plate of 1,536 wells with nine fields each (measured: about 40 MB). */
export const metadataByteLimit = 64 * 2 ** 20;
/** Deeper than any real metadata, shallow enough for every recursive reader of it. */
const nestingLimit = 200;
/** A list or object takes 16 to 60 bytes of memory, an entry 8 to 32: together these stay below 300 MiB. */
const containerLimit = 2_000_000;
const entryLimit = 6_000_000;

/**
 * Text of a JSON file, without byte order mark, that is safe to parse and to walk through: neither too long nor too deep,
 * and of no more values than memory has room for. Whether it is JSON is not looked at.
 *
 * @throws InvalidInputError  it is larger than any metadata
 */
export function jsonText(bytes: string | Uint8Array, where: string): string {
  if (bytes.length > metadataByteLimit)
    throw tooLarge(`longer than ${metadataByteLimit / 2 ** 20} MiB`, where);
  const text = (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)).replace(/^\uFEFF/, '');
  const { depth, containers, entries } = measure(text);
  if (depth > nestingLimit) throw tooLarge(`nested more than ${nestingLimit} deep`, where);
  if (containers > containerLimit || entries > entryLimit) {
    throw tooLarge(`of ${containers} lists and objects with ${entries} entries`, where);
  }
  return text;
}

function tooLarge(what: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Repair the file, or write the image again.',
  });
}

function measure(json: string): { depth: number; containers: number; entries: number } {
  let depth = 0;
  let most = 0;
  let containers = 0;
  let entries = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x2c) entries++;
    else if (code === 0x5b || code === 0x7b) {
      containers++;
      most = Math.max(most, ++depth);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return { depth: most, containers, entries: entries + containers };
}
