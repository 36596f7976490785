import type { Dice } from './dice.ts';

/** JSON text of numbers that no size, index or scale should be, and some that look harmless. */
const numbers = [
  '-1',
  '0',
  '-0',
  '1',
  '2',
  '3',
  '7',
  '0.5',
  '255',
  '65536',
  '1048576',
  '1e9',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551616',
  '1e21',
  '1e308',
  '-1e308',
  '1e999',
  '1e-320',
  'NaN',
  'Infinity',
  '-Infinity',
];

/** Texts that could lead out of a store, into the prototype, or into a page. */
const texts = [
  '',
  '.',
  '..',
  './0',
  '0/',
  '../..',
  '../../../../etc/passwd',
  '/etc/passwd',
  '%2e%2e',
  '%2e%2e/%2e%2e/%2f',
  '0/../1',
  'labels/../..',
  'http://127.0.0.1:1/x.zarr',
  'file:///etc/passwd',
  '//127.0.0.1/x',
  'javascript:alert(1)',
  'data:text/html,<script>1</script>',
  'C:\\windows',
  '..\\..',
  'a\u0000b',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '0',
  '1',
  'c',
  'x',
  'blosc',
  'gzip',
  'zstd',
  'lz4',
  'bytes',
  'transpose',
  'sharding_indexed',
  'crc32c',
  '<u8',
  '>f2',
  'float64',
  'uint64',
  'F',
  'scale',
  '0.4',
  '0.5',
  '<img src=x onerror=alert(1)>',
  'NaN',
  '0x7fc00000',
  '9'.repeat(400),
  'é'.repeat(20_000),
];

const repeated = (text: string, times: number): string =>
  `[${Array.from({ length: times }, () => text).join()}]`;

/** JSON text of a value that does not belong where it is put. */
export function hostileValue(dice: Dice): string {
  return dice.weighted<() => string>([
    [8, () => dice.pick(numbers)],
    [6, () => JSON.stringify(dice.pick(texts))],
    [3, () => dice.pick(['null', 'true', 'false', '[]', '{}', '[[]]', '[null]', '{"":{}}', '[{}]'])],
    [2, () => repeated(dice.pick(numbers), dice.pick([1, 2, 3, 5, 6, 33]))],
    [1, () => `${'['.repeat(180)}${']'.repeat(180)}`],
    [0.3, () => `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    [0.3, () => `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    [0.3, () => repeated(dice.pick(['0', '1', '"0"', '{}', '[]', 'null']), 50_000)],
  ])();
}

export function hostileText(dice: Dice): string {
  return dice.pick(texts);
}

export function hostileNumber(dice: Dice): string {
  return dice.pick(numbers);
}
