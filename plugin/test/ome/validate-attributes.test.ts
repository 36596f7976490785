import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { validateAttributes } from '../../src/ome/validate.ts';

type Version = '0.4' | '0.5';

interface Suite {
  readonly schema: { readonly id: string };
  readonly tests: readonly { readonly formerly: string; readonly data: unknown; readonly valid: boolean }[];
}

const versions: readonly Version[] = ['0.4', '0.5'];
const root = (version: Version): string => sharedPath('data', 'ngff-suites', `ngff-spec-${version}`);

function readSuites(version: Version): { file: string; strict: boolean; suite: Suite }[] {
  return readdirSync(`${root(version)}/tests`).map((file) => ({
    file,
    strict: file.startsWith('strict_'),
    suite: JSON.parse(readFileSync(`${root(version)}/tests/${file}`, 'utf8')),
  }));
}

describe.skipIf(!hasShared())('the specification’s own cases (skipped: shared data absent)', () => {
  for (const version of versions) {
    for (const { file, strict, suite } of readSuites(version)) {
      it.each(suite.tests.map((test, i) => [`${i} ${test.formerly}`, test] as const))(
        `${version} ${file} %s`,
        (_, { data, valid }) => {
          const result = validateAttributes(data, { version, strict });
          expect(result.valid, result.message).toBe(valid);
          expect(result.message === undefined).toBe(valid);
        },
      );
    }
    it(`${version} examples are valid, those of strict folders strictly`, () => {
      for (const folder of readdirSync(`${root(version)}/examples`)) {
        for (const file of readdirSync(`${root(version)}/examples/${folder}`).filter(
          (name) => !name.startsWith('.'),
        )) {
          const text = readFileSync(`${root(version)}/examples/${folder}/${file}`, 'utf8');
          // Some examples carry comments for the specification's text.
          const data = JSON.parse(text.replace(/^\s*\/\/.*$/gm, '').replace(/\s\/\/ .*$/gm, ''));
          const result = validateAttributes(data, { version, strict: folder.endsWith('_strict') });
          expect(result, `${folder}/${file}`).toMatchObject({ valid: true });
        }
      }
    });
  }

  it('gives the samples of ome-zarr-models-py the verdict their names and its tests say', () => {
    const folder = (version: string): string =>
      sharedPath('data', 'ngff-suites', 'ome-zarr-models-py', 'tests/data/examples', version);
    // In v04 omero and plate are the bare blocks, not a group's attributes; image_no_version lacks ome.version.
    const invalid = [
      'v04/omero_example.json',
      'v04/plate_example_1.json',
      'v04/plate_example_2.json',
      'v05/image_no_version_example.json',
    ];
    for (const version of versions) {
      const name = `v${version.replace('.', '')}`;
      for (const file of readdirSync(folder(name)).filter((entry) => entry.endsWith('.json'))) {
        const data = JSON.parse(readFileSync(`${folder(name)}/${file}`, 'utf8'));
        const { valid, message } = validateAttributes(data, { version });
        expect(valid, `${version} ${file}: ${message}`).toBe(!invalid.includes(`${name}/${file}`));
      }
    }
  });

  it('gives the samples of ome-ngff-validator the verdict the schemas give', () => {
    const sample = (name: string): unknown =>
      JSON.parse(
        readFileSync(
          sharedPath(
            'data',
            'ngff-suites',
            'ome-ngff-validator-test_samples',
            'test_samples/invalid',
            name,
            '.zattrs',
          ),
          'utf8',
        ),
      );
    expect(validateAttributes(sample('invalid_version.zarr'), { version: '0.4' }).message).toContain(
      'multiscales[0].version is the text "abc123"',
    );
    expect(validateAttributes(sample('missing_min.zarr'), { version: '0.4' }).message).toContain(
      'window.min is missing',
    );
    // 0.4 does not require the version but in its strict schema; 0.5 does.
    expect(validateAttributes(sample('no_version_v0.4.zarr'), { version: '0.4' }).valid).toBe(true);
    expect(validateAttributes(sample('no_version_v0.4.zarr'), { version: '0.4', strict: true }).valid).toBe(
      false,
    );
    expect(validateAttributes(sample('no_version_v0.5.zarr'), { version: '0.5' }).message).toContain(
      'ome.version is missing',
    );
  });

  for (const version of versions) {
    it(`agrees with the ${version} schemas on 12,000 seeded mutations of their cases`, () => {
      const schemas = compileSchemas(version);
      const seeds = readSuites(version).flatMap(({ suite, file }) =>
        suite.tests.map(({ data }) => ({ data, kind: file.replace(/^strict_|_suite\.json$/g, '') })),
      );
      const random = mulberry32(version === '0.4' ? 4 : 5);
      let valid = 0;
      let compared = 0;
      for (let i = 0; i < 12_000; i++) {
        const { data } = seeds[Math.floor(random() * seeds.length)]!;
        const strict = random() < 0.5;
        let mutated: unknown = structuredClone(data);
        const steps = 1 + Math.floor(random() * 3);
        for (let step = 0; step < steps; step++) mutated = mutate(mutated, random);
        const kinds = kindsOf(mutated, version);
        if (kinds.length === 0) continue;
        const expected = kinds.every((kind) => schemas(kind, strict)(mutated)) && wellsAreInPlace(mutated);
        const result = validateAttributes(mutated, { version, strict });
        expect(result.valid, `${JSON.stringify(mutated)} strict ${strict}: ${result.message}`).toBe(expected);
        compared++;
        if (expected) valid++;
      }
      // The comparison means something only if both verdicts occur often.
      expect(valid).toBeGreaterThan(500);
      expect(compared - valid).toBeGreaterThan(2000);
    });
  }
});

/** The specification's schemas: which holds for attributes with these members. */
const schemaOf: Readonly<Record<string, string>> = {
  multiscales: 'image',
  omero: 'image',
  'image-label': 'label',
  plate: 'plate',
  well: 'well',
  'bioformats2raw.layout': 'bf2raw',
  series: 'ome',
};

function kindsOf(data: unknown, version: Version): string[] {
  if (typeof data !== 'object' || data === null) return [];
  const holder: unknown = version === '0.4' ? data : Reflect.get(data, 'ome');
  if (typeof holder !== 'object' || holder === null || Array.isArray(holder)) return [];
  return Object.keys(schemaOf)
    .filter((key) => Object.hasOwn(holder, key))
    .map((key) => schemaOf[key]!);
}

/** What the 0.5 suite wants beyond the schemas (`well_path_has_column_before_row`). */
function wellsAreInPlace(data: unknown): boolean {
  const ome = (
    data as {
      ome?: {
        plate?: {
          rows: { name: string }[];
          columns: { name: string }[];
          wells: { path: string; rowIndex: number; columnIndex: number }[];
        };
      };
    }
  ).ome; // Schema-valid by now.
  return (ome?.plate?.wells ?? []).every(({ path }) => {
    const [row, column] = path.split('/');
    return (
      ome?.plate?.rows.some(({ name }) => name === row) === true &&
      ome.plate.columns.some(({ name }) => name === column)
    );
  });
}

function compileSchemas(version: Version): (kind: string, strict: boolean) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  const folder = `${root(version)}/schemas`;
  const ids = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    const schema = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));
    ajv.addSchema(schema);
    ids.set(file.replace('.schema', ''), schema.$id);
  }
  return (kind, strict) => {
    const id = (strict ? ids.get(`strict_${kind}`) : undefined) ?? ids.get(kind);
    const validate = id === undefined ? undefined : ajv.getSchema(id);
    if (validate === undefined) throw new Error(`no schema for ${kind}`);
    return validate;
  };
}

const words = [
  'name',
  'version',
  'space',
  'time',
  'channel',
  'scale',
  'translation',
  '0.4',
  '0.5',
  'A/1',
  'B/03/1',
  'ä',
  '',
  'A1',
  'x',
  'identity',
];

function leaf(random: () => number): unknown {
  const values: readonly unknown[] = [
    0,
    1,
    3,
    -1,
    1.5,
    255,
    256,
    1e300,
    true,
    false,
    null,
    [],
    {},
    [1],
    [1, 2],
    { name: 'x' },
    ...words,
  ];
  return structuredClone(values[Math.floor(random() * values.length)]);
}

/** One change somewhere in a JSON value: a member deleted, doubled, added, replaced or retyped. */
function mutate(value: unknown, random: () => number): unknown {
  const places: { readonly holder: Record<string, unknown> | unknown[]; readonly key: string | number }[] =
    [];
  const visit = (item: unknown): void => {
    if (Array.isArray(item))
      item.forEach((entry, i) => {
        places.push({ holder: item, key: i });
        visit(entry);
      });
    else if (typeof item === 'object' && item !== null) {
      const holder: Record<string, unknown> = item as Record<string, unknown>; // A plain object out of JSON.
      for (const key of Object.keys(holder)) {
        places.push({ holder, key });
        visit(holder[key]);
      }
    }
  };
  visit(value);
  const place = places[Math.floor(random() * places.length)];
  if (place === undefined) return leaf(random);
  const { holder, key } = place;
  const old: unknown = Reflect.get(holder, key);
  const choice = Math.floor(random() * 6);
  if (choice === 0) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else Reflect.deleteProperty(holder, key);
  } else if (choice === 1 && Array.isArray(holder)) holder.push(structuredClone(old));
  else if (choice === 2 && !Array.isArray(holder))
    Reflect.set(holder, words[Math.floor(random() * words.length)]!, leaf(random));
  else if (choice === 3) Reflect.set(holder, key, typeof old === 'string' ? 7 : String(old));
  else if (choice === 4 && Array.isArray(holder)) holder.push(leaf(random));
  else if (choice === 4) {
    // A member the schemas know, with any value.
    const known = [
      'unit',
      'type',
      'rgba',
      'source',
      'omero',
      'acquisition',
      'label-value',
      'image-label',
      'bioformats2raw.layout',
      'series',
      'window',
      'plate',
      'field_count',
    ];
    Reflect.set(holder, known[Math.floor(random() * known.length)]!, leaf(random));
  } else Reflect.set(holder, key, leaf(random));
  return value;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('validateAttributes', () => {
  const image = {
    multiscales: [
      {
        axes: [
          { name: 'y', type: 'space' },
          { name: 'x', type: 'space' },
        ],
        datasets: [{ path: '0', coordinateTransformations: [{ type: 'scale', scale: [1, 1] }] }],
      },
    ],
  };

  it('takes 0.5 attributes and a whole zarr.json', () => {
    const attributes = { ome: { version: '0.5', ...image } };
    expect(validateAttributes(attributes, { version: '0.5' })).toEqual({ valid: true, problems: [] });
    const file = { zarr_format: 3, node_type: 'group', attributes };
    expect(validateAttributes(file, { version: '0.5' }).valid).toBe(true);
    expect(validateAttributes(image, { version: '0.5' }).message).toBe('ome is missing. Add "ome".');
  });

  it('names the field and the remedy, and counts the rest', () => {
    const result = validateAttributes(
      { multiscales: [{ axes: [{ name: 1 }, { name: 'x', type: 2 }], datasets: [] }] },
      { version: '0.4' },
    );
    expect(result.message).toBe('multiscales[0].datasets has 0 entries. Give at least 1. (and 3 more)');
    expect(result.problems.map(({ field }) => field)).toEqual([
      'multiscales[0].datasets',
      'multiscales[0].axes[0].name',
      'multiscales[0].axes[1].type',
      'multiscales[0].axes',
    ]);
  });

  it('refuses what is not OME-Zarr, and never throws', () => {
    let nested: unknown = 1;
    for (let i = 0; i < 100_000; i++) nested = [nested];
    const prototype: unknown = JSON.parse('{"__proto__": {"multiscales": []}}');
    for (const value of [
      undefined,
      null,
      1,
      'x',
      [],
      {},
      { a: 1 },
      nested,
      prototype,
      { multiscales: nested },
    ]) {
      for (const version of versions) {
        expect(validateAttributes(value, { version })).toMatchObject({
          valid: false,
          message: expect.any(String),
        });
      }
    }
  });

  // Comparing every pair of 50,000 would take minutes.
  it('does not compare every pair of a long list', { timeout: 60_000 }, () => {
    const colors = Array.from({ length: 50_000 }, (_, i) => ({ 'label-value': i, rgba: [0, 0, 0, 255] }));
    expect(validateAttributes({ 'image-label': { colors } }, { version: '0.4' }).valid).toBe(true);
    const result = validateAttributes(
      { 'image-label': { colors: [...colors, colors[7]] } },
      { version: '0.4' },
    );
    expect(result.message).toContain('image-label.colors[50000] repeats image-label.colors[7]');
  });
});
