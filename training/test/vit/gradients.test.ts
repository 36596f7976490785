import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { LOSSES, type LossKind } from '../../src/finetune/loss.ts';
import { addGradients, type Batch, createVit, disposeVit } from '../../src/finetune/student.ts';
import type { Position } from '../../src/onnx/position.ts';
import { PAPER } from '../../src/onnx/position.ts';
import { normalStream } from '../../src/random.ts';
import { randomVit } from '../../src/random-vit.ts';
import { Gradients } from '../../src/vit/parameters.ts';
import type { Vit } from '../../src/vit/transformer.ts';
import type { Block, VitWeights } from '../../src/weights/vit-weights.ts';
import { eachBackend } from '../each-backend.ts';
import { LOCAL } from '../tiny-variants.ts';

const DIM = 8;
const [ROWS, COLS] = [3, 4];

const POSITIONS: readonly { readonly name: string; readonly position: Position }[] = [
  { name: 'the torus', position: PAPER },
  { name: 'local with a radius', position: { ...LOCAL, attentionRadius: 1.5 } },
  { name: 'learned slopes and hidden prefix', position: { ...LOCAL, slopes: 'learned' } },
  { name: 'a learned embedding', position: { kind: 'learned' } },
  { name: 'sincos', position: { kind: 'sincos' } },
  { name: 'none', position: { kind: 'none' } },
];

/** Small weights with everything a transformer may have: registers, LayerScale, an embedding with a row for CLS. */
function weightsOf(mlp: 'gelu' | 'swiglu'): VitWeights {
  const normal = normalStream(createRandom(7));
  const tensor = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * normal()),
  });
  const base = randomVit({ seed: 3, dim: DIM, blocks: 1, patch: 2, registers: 2 });
  const gated: Block['mlp'] = {
    kind: 'swiglu',
    gateAndValue: { weight: tensor(24, DIM), bias: tensor(24) },
    out: { weight: tensor(DIM, 12), bias: tensor(DIM) },
  };
  return {
    ...base,
    position: { grid: [2, 3], patches: tensor(6, DIM), cls: tensor(DIM) },
    blocks: base.blocks.map((block) => ({
      ...block,
      layerScale1: tensor(DIM),
      layerScale2: tensor(DIM),
      slopes: tensor(2, 1, 1),
      mlp: mlp === 'swiglu' ? gated : block.mlp,
    })),
  };
}

function batchOf(): Batch {
  const normal = normalStream(createRandom(11));
  const numbers = (length: number) => Float32Array.from({ length }, () => normal());
  const shape = [2, 3, ROWS * 2, COLS * 2] as const;
  return {
    images: { shape, data: numbers(2 * 3 * ROWS * COLS * 4) },
    targets: numbers(2 * ROWS * COLS * DIM),
  };
}

function lossOf(vit: Vit, batch: Batch, loss: LossKind): number {
  const gradients = new Gradients();
  const value = addGradients(vit, batch, { loss, gradients, recompute: false });
  gradients.dispose();
  return value;
}

/** Loss difference over a step of ε along a direction, both ways, over 2ε; against gradient · direction. */
function assertGradients(vit: Vit, batch: Batch, loss: LossKind): void {
  const gradients = new Gradients();
  addGradients(vit, batch, { loss, gradients, recompute: true });
  const normal = normalStream(createRandom(5));
  const epsilon = 1e-2;
  const unread = new Set<string>();
  for (const [name, parameter] of vit.parameters) {
    const gradient = gradients.entries().get(name);
    if (gradient === undefined) throw new Error(`no gradient of ${name}`);
    const slope = Float32Array.from(gradient.dataSync());
    const before = Float32Array.from(parameter.dataSync());
    // Along the gradient itself, plus noise, so that the difference stands above float32's rounding.
    const size = Math.hypot(...slope);
    const direction = Float32Array.from(slope, (value) => (size > 1e-6 ? value / size : 0) + 0.1 * normal());
    const at = (step: number): number => {
      const moved = before.map((value, i) => value + step * (direction[i] ?? 0));
      tf.tidy(() => parameter.assign(tf.tensor(moved, parameter.shape)));
      return lossOf(vit, batch, loss);
    };
    const measured = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
    at(0);
    const expected = slope.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0);
    expect(Math.abs(measured - expected), `${name}: ${measured} and ${expected}`).toBeLessThan(
      2e-3 + 0.03 * Math.abs(expected),
    );
    if (size < 1e-6) unread.add(name);
  }
  gradients.dispose();
  // Nothing but what the position hides may be without influence.
  const hidden = /^(cls_token|reg_token|.*norm1.bias)$/;
  expect([...unread].filter((name) => !hidden.test(name))).toEqual([]);
}

eachBackend(() => {
  describe('gradients against differences of the loss', () => {
    it.each(POSITIONS)('$name', ({ position }) => {
      const before = tf.memory().numTensors;
      const vit = createVit(weightsOf('gelu'), { heads: 2, layerNormEps: 1e-6, position });
      assertGradients(vit, batchOf(), 'cosine');
      disposeVit(vit);
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each(LOSSES)('SwiGLU, %s', (loss) => {
      const vit = createVit(weightsOf('swiglu'), { heads: 2, layerNormEps: 1e-6, position: PAPER });
      assertGradients(vit, batchOf(), loss);
      disposeVit(vit);
    });
  });
});
