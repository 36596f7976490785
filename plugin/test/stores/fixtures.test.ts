import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as zarr from 'zarrita';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { readRegion } from '../../src/array/region.ts';
import { AlibiError } from '../../src/errors.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';

const base = 'data/ome-zarr/zarrita-fixtures';
const there = hasShared(base);

/** What is refused, with the field that the error names; everything else in the fixtures must be read. */
const refused: Readonly<Record<string, string>> = {
  'v2/1d.contiguous.U7': 'dtype',
  'v2/1d.contiguous.U13.be': 'dtype',
  'v2/1d.contiguous.U13.le': 'dtype',
  'v2/1d.contiguous.S7': 'dtype',
  'v2/1d.contiguous.json2.O': 'dtype',
  'v2/2d.chunked.U7': 'dtype',
  'v2/3d.chunked.O': 'dtype',
  'v3/1d.chunked.string.vlen': 'data_type',
  'v3/1d.contiguous.string.compressed': 'data_type',
  'v3/1d.contiguous.string.vlen': 'data_type',
  'v3/1d.string.empty': 'data_type',
  'v3/1d.string.unicode': 'data_type',
  'v3/2d.chunked.string.vlen': 'data_type',
};

function arraysOf(version: 'v2' | 'v3'): string[] {
  if (!there) return [];
  return readdirSync(sharedPath(base, version, 'data.zarr'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^my group|^consolidated/.test(entry.name))
    .map((entry) => entry.name);
}

describe.skipIf(!there)('the fixtures of zarrita (skipped: ../shared is absent)', () => {
  for (const version of ['v2', 'v3'] as const) {
    const store = createNodeStore(sharedPath(base, version, 'data.zarr'));
    for (const name of arraysOf(version)) {
      const field = refused[`${version}/${name}`];
      if (field !== undefined) {
        it(`${version} ${name} is refused for its ${field}`, async () => {
          const error = await openZarrArray(store, name, { location: 'data.zarr' }).catch((e: unknown) => e);
          expect(error).toBeInstanceOf(AlibiError);
          expect(error).toMatchObject({ tag: 'UnsupportedFormat', data: { field } });
          expect(String(error)).toContain(`data.zarr/${name}/`);
        });
        continue;
      }
      it(`${version} ${name} reads as zarrita reads it`, async () => {
        const { lazy, dtype, chunks } = await openZarrArray(store, name);
        const shape = lazy.shape;
        const whole = await readRegion(lazy, { start: shape.map(() => 0), stop: shape }, {});
        if (dtype === 'float16') {
          // Node 20 has no Float16Array, so zarrita cannot read it; these are zarr-python's values.
          expect([...whole.data]).toEqual([-1000.5, 0, 1000.5, 0]);
          return;
        }
        const array = await zarr.open(zarr.root(store).resolve(name), { kind: 'array' });
        const expected = await zarr.get(array);
        expect(array.chunks).toEqual(chunks);
        expect([...whole.data].map(Number)).toEqual(inOrder(expected));
      });
    }
  }
});

/** zarrita's answer, whatever its strides, in C order. */
function inOrder(result: zarr.Chunk<zarr.DataType>): number[] {
  const out: number[] = [];
  const at = (i: number): unknown => ('get' in result.data ? result.data.get(i) : result.data[i]);
  const walk = (axis: number, offset: number): void => {
    if (axis === result.shape.length) out.push(Number(at(offset)));
    else for (let i = 0; i < result.shape[axis]!; i++) walk(axis + 1, offset + i * result.stride[axis]!);
  };
  walk(0, 0);
  return out;
}
