import { expect } from 'chai';
import { exportVit } from '../../training/src/onnx/export.ts';
import { relativeError } from '../../training/src/onnx/relative-error.ts';
import { fromBytes } from '../../training/src/weights/byte-source.ts';
import { readSafetensors } from '../../training/src/weights/safetensors.ts';
import { canonicalise, readTensors } from '../../training/src/weights/scheme.ts';
import type { Tensor } from '../../training/src/weights/vit-weights.ts';
import { GRIDS, VARIANTS } from '../../training/test/tiny-variants.ts';

type Ort = typeof import('onnxruntime-web');

/** Tests that one execution provider of the browser gives the tiny reference's features. */
export function describeGolden(provider: 'webgpu' | 'wasm', load: () => Promise<Ort>): void {
  describe(`features of the tiny reference on ${provider}`, () => {
    for (const { name, weights, expected, position } of VARIANTS) {
      it(`${name} from ${weights}`, async function () {
        const bytes = await fetchTiny(weights);
        if (bytes === undefined) return this.skip();
        const inputs = await answers('expected');
        const wanted = await answers(expected);
        const model = exportVit(
          canonicalise(await readTensors(fromBytes(bytes, weights)), { where: weights }).weights,
          {
            name,
            heads: 3,
            layerNormEps: 1e-6,
            position,
            precision: 'fp32',
            graph: 'plain',
            layers: name === 'alibi' ? [0, 1, 2] : [],
            notice: '',
          },
        );
        const ort = await load();
        const session = await ort.InferenceSession.create(model, {
          executionProviders: [provider],
          logSeverityLevel: 3,
        });
        let compared = 0;
        for (const grid of GRIDS) {
          const image = take(inputs, `input.${grid}`);
          const outputs = await session.run({
            image: new ort.Tensor('float32', image.data, [...image.shape]),
          });
          const keys: readonly (readonly [string, string])[] = [
            ['features', `${name}.${grid}`],
            ['prefix', `${name}.prefix.${grid}`],
            ...[0, 1, 2].map((n) => [`layer.${n}`, `${name}.layer${n}.${grid}`] as const),
          ];
          for (const [output, key] of keys) {
            const answer = wanted.get(key);
            const data = outputs[output]?.data;
            if (answer === undefined) continue;
            if (!(data instanceof Float32Array)) throw new Error(`${output} is not float32`);
            expect(relativeError(data, answer.data), key).to.be.below(1e-4);
            compared++;
          }
        }
        await session.release();
        expect(compared).to.be.at.least(GRIDS.length);
      });
    }
  });
}

async function fetchTiny(file: string): Promise<Uint8Array | undefined> {
  const response = await fetch(`/shared/golden/tiny/${file}`);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

async function answers(name: string): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = await fetchTiny(`${name}.safetensors`);
  if (bytes === undefined) throw new Error(`no ${name}`);
  return readSafetensors(fromBytes(bytes, name));
}

function take(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor;
}
