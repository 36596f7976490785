import { describe, expect, it } from 'vitest';
import { BLOCK, quantiseToFourBits } from '../../src/onnx/four-bit.ts';
import { GraphBuilder } from '../../src/onnx/graph-builder.ts';
import { matMul } from '../../src/onnx/mat-mul.ts';
import type { Precision } from '../../src/onnx/precision.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { openWasmRunner } from '../../src/onnx/run-wasm.ts';

const PROVIDERS = [
  ['cpu', openCpuRunner],
  ['wasm', openWasmRunner],
] as const;

/** A graph of one product: `image` [N, tokens, inputs] · W → `features`. */
function graphOf(weight: Float32Array, inputs: number, outputs: number, precision: Precision): Uint8Array {
  const graph = new GraphBuilder();
  graph.input('image', ['N', 'tokens', inputs]);
  const stored = { name: 'w', shape: [inputs, outputs], data: weight, outputAxis: 1 };
  graph.output(matMul(graph, 'image', stored, precision), 'features', ['N', 'tokens', outputs]);
  return graph.finish({ name: 'product', producer: 'test', notice: '' });
}

/** x · W in double precision for x [tokens, inputs]. */
function product(x: Float32Array, weight: ArrayLike<number>, inputs: number, outputs: number): Float32Array {
  const out = new Float32Array((x.length / inputs) * outputs);
  for (let i = 0; i < out.length; i++) {
    const [token, output] = [Math.floor(i / outputs), i % outputs];
    let sum = 0;
    for (let k = 0; k < inputs; k++)
      sum += (x[token * inputs + k] ?? 0) * (weight[k * outputs + output] ?? 0);
    out[i] = sum;
  }
  return out;
}

const wave = (size: number, rate: number, size2 = 1): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => size2 * Math.sin(rate * i * i + i));

describe('matMul', () => {
  const [tokens, inputs, outputs] = [5, 70, 24];
  const x = wave(tokens * inputs, 0.37, 3);
  const weight = wave(inputs * outputs, 0.11);

  it.each(PROVIDERS)('int4 on %s is the product with the weights unpacked here', async (_, open) => {
    const { packed, scales } = quantiseToFourBits(weight, inputs, outputs);
    const blocks = Math.ceil(inputs / BLOCK);
    // Two values a byte, the earlier in the lower half, stored as value + 8; a scale a block of 32 inputs.
    const widened = Float64Array.from(weight, (_value, i) => {
      const [input, output] = [Math.floor(i / outputs), i % outputs];
      const cell = output * blocks + Math.floor(input / 32);
      const byte = packed[cell * 16 + Math.floor((input % 32) / 2)] ?? 0;
      return ((input % 2 === 0 ? byte % 16 : byte >> 4) - 8) * (scales[cell] ?? 0);
    });
    const runner = await open(graphOf(weight, inputs, outputs, 'int4'));
    const got = (await runner.run(x, [1, tokens, inputs])).get('features');
    await runner.close();
    expect(got?.shape).toEqual([1, tokens, outputs]);
    const data = got?.data ?? new Float32Array();
    expect(relativeError(data, product(x, widened, inputs, outputs))).toBeLessThan(1e-5);
    // Steps of an eighth of a block's largest value, so errors of 1/16 of it: some percent, not none.
    expect(relativeError(data, product(x, weight, inputs, outputs))).toBeGreaterThan(1e-2);
    expect(relativeError(data, product(x, weight, inputs, outputs))).toBeLessThan(0.15);
  });

  it('4 bits hold the value of largest magnitude of each block exactly, and no error above a step', () => {
    const { packed, scales } = quantiseToFourBits(weight, inputs, outputs);
    const blocks = Math.ceil(inputs / BLOCK);
    expect([packed.length, scales.length]).toEqual([outputs * blocks * 16, outputs * blocks]);
    for (let output = 0; output < outputs; output++) {
      for (let block = 0; block < blocks; block++) {
        const rows = Array.from({ length: Math.min(32, inputs - 32 * block) }, (_, i) => 32 * block + i);
        const values = rows.map((input) => weight[input * outputs + output] ?? 0);
        const largest = values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
        expect((scales[output * blocks + block] ?? 0) * -8).toBeCloseTo(largest, 6);
      }
    }
    expect(quantiseToFourBits(new Float32Array(64), 64, 1).scales).toEqual(Float32Array.of(1, 1));
  });

  it.each(PROVIDERS)('int8-dynamic on %s is the product of integers computed here', async (_, open) => {
    // A token of equal values, one of a narrow range far from zero, and the others of about −3…3.
    const mixed = x.slice();
    mixed.fill(0.7, 0, inputs);
    for (let k = 0; k < inputs; k++) mixed[inputs + k] = 100 + (x[k] ?? 0);
    const columnScale = Array.from({ length: outputs }, (_value, output) => {
      let largest = 0;
      for (let k = 0; k < inputs; k++)
        largest = Math.max(largest, Math.abs(weight[k * outputs + output] ?? 0));
      return Math.fround(largest / 127);
    });
    const integers = Float64Array.from(weight, (value, i) => {
      const scale = columnScale[i % outputs] ?? 1;
      return Math.round(value / scale) * scale;
    });
    const rounded = Float32Array.from(mixed, (value, i) => {
      const row = mixed.subarray(Math.floor(i / inputs) * inputs, (Math.floor(i / inputs) + 1) * inputs);
      const [least, most] = [Math.min(...row), Math.max(...row)];
      const step = (most - least) / 255;
      return step === 0 ? value : least + Math.round((value - least) / step) * step;
    });
    const runner = await open(graphOf(weight, inputs, outputs, 'int8-dynamic'));
    const got = (await runner.run(mixed, [1, tokens, inputs])).get('features')?.data ?? new Float32Array();
    await runner.close();
    expect(relativeError(got, product(rounded, integers, inputs, outputs))).toBeLessThan(1e-4);
  });

  it.each(PROVIDERS)('int8-dynamic on %s does not saturate where all is large', async (_, open) => {
    // 255 · 127 twice is 64,770: beyond 16 bits, where AVX2's product of uint8 and int8 would stop at 32,767.
    const ends = Float32Array.from({ length: 2 * 64 }, (_value, i) => (i % 64 === 63 ? 0 : 1));
    const largest = new Float32Array(64 * 16).fill(2);
    const runner = await open(graphOf(largest, 64, 16, 'int8-dynamic'));
    const got = (await runner.run(ends, [1, 2, 64])).get('features')?.data ?? new Float32Array();
    await runner.close();
    for (const value of got) expect(value).toBeCloseTo(126, 3);
  });

  it('int8-dynamic gives a token the same whatever else is in its window', async () => {
    const model = graphOf(weight, inputs, outputs, 'int8-dynamic');
    const runner = await openCpuRunner(model);
    const alone = (await runner.run(x.slice(0, inputs), [1, 1, inputs])).get('features')?.data;
    const loud = Float32Array.from(x, (value, i) => (i < inputs ? value : 50 * value));
    const beside = (await runner.run(loud, [1, tokens, inputs])).get('features')?.data.slice(0, outputs);
    await runner.close();
    expect(relativeError(beside ?? new Float32Array(), alone ?? new Float32Array())).toBeLessThan(1e-6);
  });
});
