import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { describe, expect, it } from 'vitest';
import { type Device, graphsFor, RELATIVE_TIME } from '../../src/encoder/graph-choice.ts';

type Graph = CheckpointManifest['graphs'][number];
type Figure = CheckpointManifest['measured'][number];

const graph = (precision: Graph['precision'], megabytes: number, more: Partial<Graph> = {}): Graph => ({
  path: `${precision}.onnx`,
  precision,
  graph: 'plain',
  bytes: megabytes * 1e6,
  sha256: '0'.repeat(64),
  layers: [],
  ...more,
});

const time = (
  precision: Graph['precision'],
  provider: NonNullable<Figure['provider']>,
  value: number,
): Figure => ({
  name: RELATIVE_TIME,
  value,
  command: 'alibi-train quantize',
  precision,
  provider,
});

const ALL = [
  graph('fp32', 88),
  graph('fp16', 44),
  graph('fp16-arithmetic', 44),
  graph('int8', 22),
  graph('int8-dynamic', 22.2),
];

const wasm: Device = { provider: 'wasm-threads', graphs: ['fused', 'plain'], halfFloat: false };
const gpu: Device = { provider: 'webgpu', graphs: ['plain', 'fused'], halfFloat: false };
const halfGpu: Device = { ...gpu, halfFloat: true };

const order = (
  device: Device,
  graphs: readonly Graph[],
  measured: Figure[] = [],
  precision?: Graph['precision'],
) =>
  graphsFor(device, { graphs: [...graphs], measured }, precision === undefined ? {} : { precision }).map(
    ({ path }) => path.replace('.onnx', ''),
  );

describe('graphsFor', () => {
  it('takes the smallest download of what computes alike; lower arithmetic last until it was measured', () => {
    expect(order(wasm, ALL)).toEqual(['int8', 'fp16', 'fp32', 'int8-dynamic']);
    expect(order(gpu, ALL)).toEqual(['int8', 'fp16', 'fp32', 'int8-dynamic']);
  });

  it('takes float16 arithmetic first on a graphics device that has it, unless it was measured to be slower there', () => {
    expect(order(halfGpu, ALL)).toEqual(['fp16-arithmetic', 'int8', 'fp16', 'fp32', 'int8-dynamic']);
    expect(order(halfGpu, ALL, [time('fp16-arithmetic', 'webgpu', 1.4)])[0]).toBe('int8');
  });

  it('takes integers where they were measured faster on this very provider, not elsewhere', () => {
    const measured = [time('int8-dynamic', 'wasm', 0.6), time('int8-dynamic', 'cpu', 1.3)];
    expect(order(wasm, ALL, measured)[0]).toBe('int8-dynamic');
    expect(order({ ...wasm, provider: 'wasm' }, ALL, measured)[0]).toBe('int8-dynamic');
    expect(order({ ...wasm, provider: 'cpu' }, ALL, measured)).toEqual([
      'int8',
      'fp16',
      'fp32',
      'int8-dynamic',
    ]);
    expect(order(gpu, ALL, measured)[0]).toBe('int8');
    // A tenth is noise: then the 22.0 MB of int8 beat the 22.2 MB.
    expect(order(wasm, ALL, [time('int8-dynamic', 'wasm', 0.95)])[0]).toBe('int8');
  });

  it('does not take the noise of a measurement for a difference of weights that are widened while loading', () => {
    expect(order(wasm, ALL, [time('fp16', 'wasm', 0.8), time('int8', 'wasm', 1.2)])[0]).toBe('int8');
  });

  it('tries the device’s kind before the download’s size, and no kind the device does not run', () => {
    const kinds = [graph('int8', 22), graph('fp32', 88, { graph: 'fused', path: 'fused.onnx' })];
    expect(order(wasm, kinds)).toEqual(['fused', 'int8']);
    expect(order(gpu, kinds)).toEqual(['int8', 'fused']);
    expect(order({ ...wasm, graphs: ['plain'] }, kinds)).toEqual(['int8']);
  });

  it('leaves a forced graph to those who ask for its precision', () => {
    const graphs = [graph('int4', 14, { tolerance: 0.2 }), graph('fp32', 88)];
    expect(order(wasm, graphs)).toEqual(['fp32']);
    expect(order(wasm, graphs, [], 'int4')).toEqual(['int4']);
    expect(order(wasm, graphs, [], 'int8')).toEqual([]);
    expect(order(wasm, [graph('fp16-arithmetic', 44)], [], 'fp16-arithmetic')).toEqual(['fp16-arithmetic']);
  });
});
