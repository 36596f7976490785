import { expect, it } from 'vitest';
import {
  addGuided,
  allGuidedWeights,
  guidedTapLimit,
  guidedTaps,
  guidedWeights,
} from '../../src/raster/guided.ts';
import { seeded } from '../array/fake-array.ts';

it.each([1, 3])('adds to every pixel what its weights one by one give, at borders too (%i values)', (dim) => {
  const random = seeded(11);
  const [rows, cols, pitch] = [3, 5, 4];
  const [height, width] = [rows * pitch, cols * pitch];
  const position = (i: number) => (i + 0.5) / pitch - 0.5;
  const at = {
    rows: guidedTaps({ count: height, size: rows, origin: 0, position }),
    cols: guidedTaps({ count: width, size: cols, origin: 0, position }),
    pixelGuide: Float32Array.from({ length: height * width }, random),
    width,
  };
  const grid = { rows, cols, guide: Float32Array.from({ length: rows * cols }, random) };
  const values = Float32Array.from({ length: rows * cols * dim }, () => random() - 0.5);
  const out = new Float32Array(height * width * dim).fill(2);
  addGuided(grid, at, allGuidedWeights(grid, at), { values, dim, out });
  const taps = { index: new Int32Array(guidedTapLimit), weight: new Float32Array(guidedTapLimit) };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const n = guidedWeights(grid, { ...at, y, x }, at.pixelGuide[pixel]!, taps);
      for (let c = 0; c < dim; c++) {
        let expected = 2;
        for (let tap = 0; tap < n; tap++) expected += taps.weight[tap]! * values[taps.index[tap]! * dim + c]!;
        expect(out[pixel * dim + c]).toBeCloseTo(expected, 5);
      }
    }
  }
});
