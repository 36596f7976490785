import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../test/shared.ts';
import { exportVit } from '../src/onnx/export.ts';
import { relativeError } from '../src/onnx/relative-error.ts';
import { openCpuRunner } from '../src/onnx/run.ts';
import { openWasmRunner } from '../src/onnx/run-wasm.ts';
import { readWeights } from '../src/weights/read-weights.ts';
import type { Tensor } from '../src/weights/vit-weights.ts';
import { golden } from './golden.ts';
import { GRIDS, VARIANTS } from './tiny-variants.ts';

const tiny = (file: string): string => sharedPath('golden', 'tiny', file);

describe.skipIf(!hasShared())('features of the tiny reference', () => {
  for (const graph of ['plain', 'fused'] as const) {
    for (const { name, weights, expected, position } of VARIANTS) {
      it(`${name} from ${weights}, ${graph} graph, in onnxruntime-node and WASM`, async () => {
        const inputs = await golden('tiny', 'expected');
        const answers = await golden('tiny', expected);
        const model = exportVit((await readWeights(tiny(weights))).weights, {
          name,
          heads: 3,
          layerNormEps: 1e-6,
          position,
          precision: 'fp32',
          graph,
          layers: [0, 1, 2],
          notice: '',
        });
        for (const open of [openCpuRunner, openWasmRunner]) {
          const runner = await open(model);
          for (const grid of GRIDS) {
            const image = take(inputs, `input.${grid}`);
            const outputs = await runner.run(image.data, image.shape);
            const check = (output: string, key: string): void => {
              const answer = answers.get(key);
              if (answer === undefined) return;
              const got = take(outputs, output);
              expect(got.shape, key).toEqual(answer.shape);
              expect(relativeError(got.data, answer.data), `${runner.provider} ${key}`).toBeLessThan(1e-4);
            };
            expect(answers.has(`${name}.${grid}`)).toBe(true);
            check('features', `${name}.${grid}`);
            check('prefix', `${name}.prefix.${grid}`);
            for (const layer of [0, 1, 2]) check(`layer.${layer}`, `${name}.layer${layer}.${grid}`);
          }
          await runner.close();
        }
      });
    }
  }

  it.each([
    ['dinov2_base.timm.pth', 'timm', 'features'],
    ['dinov2_base.timm.safetensors', 'timm', 'features'],
    ['dinov2_base.fb.pth', 'facebookresearch', 'features'],
    ['hf/model.safetensors', 'huggingface', 'features_hf'],
  ])('%s gives the same features under its own names', async (file, scheme, key) => {
    const expected = await golden('tiny', 'naming_expected');
    const read = await readWeights(tiny(file));
    expect(read.scheme).toBe(scheme);
    const model = exportVit(read.weights, {
      name: file,
      heads: 3,
      layerNormEps: 1e-6,
      position: { kind: 'learned' },
      precision: 'fp32',
      graph: 'plain',
      layers: [],
      notice: '',
    });
    const runner = await openCpuRunner(model);
    const input = take(expected, 'input');
    const outputs = await runner.run(input.data, input.shape);
    await runner.close();
    expect(relativeError(take(outputs, 'features').data, take(expected, key).data)).toBeLessThan(1e-4);
  });
});

function take(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor;
}
