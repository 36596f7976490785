import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../test/shared.ts';
import { exportVit } from '../src/onnx/export.ts';
import type { Position } from '../src/onnx/position.ts';
import { openCpuRunner } from '../src/onnx/run.ts';
import { readWeights } from '../src/weights/read-weights.ts';
import { LOCAL } from './tiny-variants.ts';

/**
 * Numbers of a hand-written transformer in PyTorch 2.13 (float64, `interpolate(mode='bicubic', antialias=True)` for the
 * position embedding) on pixel i = ((7919·i) mod 2003)/1001.5 − 1: the first four channels of CLS and of token 5, the
 * last four of the last token, and the norm of all patch tokens.
 */
const CASES: readonly {
  readonly position: Position;
  readonly rows: number;
  readonly cols: number;
  readonly cls: readonly number[];
  readonly token5: readonly number[];
  readonly last: readonly number[];
  readonly norm: number;
}[] = [
  {
    position: { kind: 'learned' },
    rows: 14,
    cols: 14,
    cls: [11.930669, 2.990514, 0.596027, 4.410094],
    token5: [-1.556656, -6.216993, -2.658156, -3.088971],
    last: [-0.370705, -0.375289, -0.118759, 4.575816],
    norm: 731.57694,
  },
  {
    position: { kind: 'learned' },
    rows: 9,
    cols: 20,
    cls: [5.899829, -0.792211, 1.317486, 4.782368],
    token5: [0.122274, -7.407705, -0.717941, -3.852323],
    last: [-0.464735, -0.354385, 0.046805, 4.634312],
    norm: 695.90946,
  },
  {
    position: { ...LOCAL, hidePrefix: false },
    rows: 9,
    cols: 20,
    cls: [10.867879, 5.27001, 3.294877, -3.140912],
    token5: [7.038342, 2.798675, -0.52987, -3.251581],
    last: [4.4773, 3.125637, -1.489151, 3.183758],
    norm: 727.57253,
  },
];

describe.skipIf(!hasShared())('ViT-Tiny/16: another patch, no LayerScale, a head to leave out', () => {
  it.each(CASES)('gives PyTorch’s features with position $position.kind at $rows×$cols', async (expected) => {
    const { rows, cols } = expected;
    const { weights, scheme } = await readWeights(
      sharedPath('data', 'weights', 'vit_tiny_patch16_224.timm.safetensors'),
    );
    expect(scheme).toBe('timm');
    expect(weights).toMatchObject({ patch: 16, dim: 192, blocks: { length: 12 } });
    const model = exportVit(weights, {
      name: 'vit-tiny',
      heads: 3,
      layerNormEps: 1e-6,
      position: expected.position,
      precision: 'fp32',
      graph: 'plain',
      layers: [],
      notice: '',
    });
    const runner = await openCpuRunner(model);
    const shape = [1, 3, rows * 16, cols * 16];
    const image = Float32Array.from(
      { length: 3 * rows * cols * 256 },
      (_, i) => ((i * 7919) % 2003) / 1001.5 - 1,
    );
    const outputs = await runner.run(image, shape);
    await runner.close();
    const features = outputs.get('features')?.data ?? new Float32Array();
    const tokens = rows * cols;
    const channels = (token: number, from: number): number[] =>
      [0, 1, 2, 3].map((channel) => features[(from + channel) * tokens + token] ?? Number.NaN);
    close([...(outputs.get('prefix')?.data.subarray(0, 4) ?? [])], expected.cls);
    close(channels(5, 0), expected.token5);
    close(channels(tokens - 1, 188), expected.last);
    expect(Math.sqrt(features.reduce((sum, value) => sum + value * value, 0))).toBeCloseTo(expected.norm, 2);
  });
});

function close(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 3);
}
