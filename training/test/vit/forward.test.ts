import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { createVit, disposeVit } from '../../src/finetune/student.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { encode } from '../../src/vit/transformer.ts';
import { readWeights } from '../../src/weights/read-weights.ts';
import { eachBackend } from '../each-backend.ts';
import { golden } from '../golden.ts';
import { GRIDS, VARIANTS } from '../tiny-variants.ts';

eachBackend((backend) => {
  describe.skipIf(!hasShared())(`tokens of the tiny reference on ${backend}`, () => {
    let expectedInputs: Awaited<ReturnType<typeof golden>>;
    beforeAll(async () => {
      expectedInputs = await golden('tiny', 'expected');
    });

    it.each(VARIANTS)('$name from $weights', async ({ name, weights, expected, position }) => {
      const answers = await golden('tiny', expected);
      const before = tf.memory().numTensors;
      const read = await readWeights(sharedPath('golden', 'tiny', weights));
      const vit = createVit(read.weights, { heads: 3, layerNormEps: 1e-6, position });
      for (const grid of GRIDS) {
        const input = expectedInputs.get(`input.${grid}`);
        const answer = answers.get(`${name}.${grid}`);
        if (input === undefined || answer === undefined) throw new Error(`no ${name}.${grid}`);
        const [, , height = 0, width = 0] = input.shape;
        const features = tf.tidy(() => {
          const tokens = encode(vit, tf.tensor4d(input.data, [1, 3, height, width]));
          const patches = tf.slice(tokens, [0, 5, 0], [1, tokens.shape[1] - 5, 48]);
          return tf.transpose(patches, [0, 2, 1]).dataSync();
        });
        expect(relativeError(Float32Array.from(features), answer.data), grid).toBeLessThan(1e-4);
      }
      disposeVit(vit);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
