import { describe, expect, it } from 'vitest';
import { type CommandSpec, helpText, nearest, parseFlags } from '../../src/node/flags.ts';
import { parseSlices } from '../../src/node/slices.ts';

const spec: CommandSpec = {
  name: 'try',
  summary: 'Try',
  positionals: ['STORE', '[OTHER]'],
  flags: {
    level: { type: 'string', value: 'n', help: 'a level' },
    overwrite: { type: 'boolean', help: 'replace' },
    log: { type: 'string', help: 'a log', repeats: true },
  },
  examples: ['try a'],
};

describe('parseFlags', () => {
  it('reads flags before and after arguments, with = and without', () => {
    const flags = parseFlags(spec, ['--level', '2', 'a.zarr', '--overwrite', '--json']);
    expect(flags.positionals).toEqual(['a.zarr']);
    expect(flags.integer('level', 0)).toBe(2);
    expect(flags.has('overwrite')).toBe(true);
    expect(flags.has('help')).toBe(false);
    expect(parseFlags(spec, ['a', '--level=-3']).number('level')).toBe(-3);
    expect(parseFlags(spec, ['a', '--level', '-3']).number('level')).toBe(-3);
    expect(parseFlags(spec, ['--', '--odd.zarr']).positionals).toEqual(['--odd.zarr']);
  });

  it('keeps every value of a flag that repeats', () => {
    const flags = parseFlags(spec, ['--log', 'x', 'a', '--log=y']);
    expect(flags.all('log')).toEqual(['x', 'y']);
    expect(flags.positionals).toEqual(['a']);
    expect(parseFlags(spec, ['a']).all('log')).toEqual([]);
  });

  it.each([
    [['a', '--levle', '2'], /unknown flag --levle.*Did you mean --level\?/],
    [['a', '--zzzzzzzz'], /unknown flag --zzzzzzzz.*--help/],
    [['a', '-x'], /unknown flag -x/],
    [['a', '--level'], /--level has no value/],
    [['a', '--level', '--json'], /--level has no value/],
    [['a', '--json=1'], /--json takes no value/],
    [['a', '--level', '1', '--level', '2'], /--level is given twice/],
    [[], /STORE is missing/],
    [['a', 'b', 'c'], /"c" is one argument too many/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseFlags(spec, argv)).toThrow(message);
  });

  it.each(['x', '1.5', '-1', '', 'NaN', '1e999'])(
    'takes no --level %j where a whole number is wanted',
    (value) => {
      expect(() => parseFlags(spec, ['a', `--level=${value}`]).integer('level', 0)).toThrow(/--level is/);
    },
  );

  it('names every flag in the help', () => {
    for (const name of ['--level n', '--overwrite', '--json', '--help'])
      expect(helpText(spec)).toContain(name);
  });

  it('suggests what is near and nothing far away', () => {
    expect(nearest('um-per-pixl', ['um-per-pixel', 'json'])).toBe('um-per-pixel');
    expect(nearest('quux', ['um-per-pixel', 'overwrite'])).toBeUndefined();
  });
});

describe('parseSlices', () => {
  // As Python slices of a sequence of 5.
  it.each([
    ['all', [0, 1, 2, 3, 4]],
    ['2', [2]],
    ['-1', [4]],
    ['1:3', [1, 2]],
    [':2', [0, 1]],
    ['3:', [3, 4]],
    ['-2:', [3, 4]],
    ['3:99', [3, 4]],
    [':', [0, 1, 2, 3, 4]],
  ])('%s', (text, expected) => {
    expect(parseSlices(text, 5, 'z', 'try')).toEqual(expected);
  });

  it.each(['5', '-6', '3:3', '4:2', 'x', '1:2:3', '', '1.5'])('refuses %j', (text) => {
    expect(() => parseSlices(text, 5, 'z', 'try')).toThrow(/--z is/);
  });
});
