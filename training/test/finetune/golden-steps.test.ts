import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { ADAMW, AdamW } from '../../src/finetune/adamw.ts';
import { addGradients, createVit, disposeVit } from '../../src/finetune/student.ts';
import { PAPER } from '../../src/onnx/position.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { Gradients } from '../../src/vit/parameters.ts';
import { encode } from '../../src/vit/transformer.ts';
import { readWeights } from '../../src/weights/read-weights.ts';
import { eachBackend } from '../each-backend.ts';
import { golden } from '../golden.ts';

eachBackend(() => {
  describe.skipIf(!hasShared())('thirty steps of the reference', () => {
    it.each([false, true])('recompute %s', async (recompute) => {
      const expected = await golden('tiny', 'train_expected');
      const read = await readWeights(sharedPath('golden', 'tiny', 'dinov2_base.timm.safetensors'));
      const vit = createVit(read.weights, { heads: 3, layerNormEps: 1e-6, position: PAPER });
      const optimizer = new AdamW(vit.parameters, ADAMW);
      const images = expected.get('images');
      const targets = expected.get('targets');
      const losses = expected.get('losses');
      const after = expected.get('student_features_after');
      if (!images || !targets || !losses || !after) throw new Error('no golden tensors');
      const channelsLast = new Float32Array(targets.data.length);
      for (let b = 0; b < 4; b++) {
        for (let c = 0; c < 48; c++) {
          for (let t = 0; t < 25; t++) {
            channelsLast[(b * 25 + t) * 48 + c] = targets.data[(b * 48 + c) * 25 + t] ?? 0;
          }
        }
      }
      const batch = { images: { shape: [4, 3, 70, 70] as const, data: images.data }, targets: channelsLast };
      const live: number[] = [];
      const got: number[] = [];
      for (let step = 1; step <= 30; step++) {
        const gradients = new Gradients();
        got.push(addGradients(vit, batch, { loss: 'cosine', gradients, recompute }));
        optimizer.apply(vit.parameters, gradients.entries(), { learningRate: 1e-4, step, factor: 1 });
        gradients.dispose();
        live.push(tf.memory().numTensors);
      }
      expect(Math.max(...got.map((loss, i) => Math.abs(loss - (losses.data[i] ?? 0))))).toBeLessThan(1e-3);
      const features = tf.tidy(() => {
        const tokens = encode(vit, tf.tensor4d(images.data, [4, 3, 70, 70]));
        return tf.transpose(tf.slice(tokens, [0, 5, 0], [4, 25, 48]), [0, 2, 1]).dataSync();
      });
      expect(relativeError(Float32Array.from(features), after.data)).toBeLessThan(1e-2);
      expect(new Set(live.slice(1)).size).toBe(1);
      optimizer.dispose();
      disposeVit(vit);
    });
  });
});
