import { describe, expect, it } from 'vitest';
import { wrapped } from '../../src/array/wrapped.ts';
import { materialize } from '../../src/labels/materialize.ts';
import { labelsOf, MemoryStore, writeImage } from './image-fixture.ts';

const provenanceOf = (imageMetadataSha256: string) => ({
  model: null,
  normalisation: null,
  executionProvider: null,
  fit: null,
  strokes: [],
  imageMetadataSha256,
});

describe('chunks of wide labels', () => {
  for (const { title, axes, zarrFormat, slices } of [
    { title: 'plane', axes: 'yx', zarrFormat: 3, slices: 1 },
    { title: 'stack, x before y', axes: 'zxy', zarrFormat: 2, slices: 2 },
  ] as const) {
    it(`are made in strips of 4096 pixels, each from top to bottom: ${title}`, async () => {
      const store = new MemoryStore();
      const size = { z: 2, y: 128, x: 9000 };
      const shape = [...axes].map((name) => size[name as keyof typeof size]);
      const image = await writeImage(store, '', { zarrFormat, axes, levels: [shape] });
      const source = labelsOf(image, 'uint8', 64, () => 1);
      const asked: string[] = [];
      const labels = wrapped(source, (index, options) => {
        asked.push(index.join());
        return source.getChunk(index, options);
      });
      await materialize({
        ...{ labels, image, target: store, targetPath: '', name: 'wide', classes: [] },
        provenance: provenanceOf(image.metadataHash),
      });
      // 4096 / 64 = 64 columns a strip; 9000 pixels are 141 columns, the last strip has 13. 128 pixels are 2 rows.
      const expected: string[] = [];
      for (let z = 0; z < slices; z++) {
        for (const [from, to] of [
          [0, 64],
          [64, 128],
          [128, 141],
        ] as const) {
          for (let row = 0; row < 2; row++) {
            for (let column = from; column < to; column++)
              expected.push([...(slices > 1 ? [z] : []), row, column].join());
          }
        }
      }
      expect(asked).toEqual(expected);
    });
  }

  it('are narrower where shards are high: 2048 pixels for shards of 1024', async () => {
    const store = new MemoryStore();
    const image = await writeImage(store, '', { zarrFormat: 3, axes: 'yx', levels: [[2048, 5120]] });
    const source = labelsOf(image, 'uint8', 256, () => 1);
    const asked: string[] = [];
    const labels = wrapped(source, (index, options) => {
      asked.push(index.join());
      return source.getChunk(index, options);
    });
    await materialize({
      ...{ labels, image, target: store, targetPath: '', name: 'high', classes: [], sharded: true },
      provenance: provenanceOf(image.metadataHash),
    });
    // Shards of 4 × 4 chunks, 5 along x and 2 along y: two, two and one a strip; in C order within a shard.
    const expected: string[] = [];
    for (const shards of [[0, 1], [2, 3], [4]]) {
      for (const row of [0, 1]) {
        for (const column of shards) {
          for (let y = 0; y < 4; y++)
            for (let x = 0; x < 4; x++) expected.push(`${4 * row + y},${4 * column + x}`);
        }
      }
    }
    expect(asked).toEqual(expected);
  });
});
