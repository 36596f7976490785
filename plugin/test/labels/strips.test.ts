import { describe, expect, it } from 'vitest';
import { wrapped } from '../../src/array/wrapped.ts';
import { materialize } from '../../src/labels/materialize.ts';
import { labelsOf, MemoryStore, writeImage } from './image-fixture.ts';

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
        provenance: {
          model: null,
          normalisation: null,
          executionProvider: null,
          fit: null,
          strokes: [],
          imageMetadataSha256: image.metadataHash,
        },
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
});
