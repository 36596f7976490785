import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { BACKENDS, type BackendLoader, type BackendName, openBackend } from '../src/backend.ts';
import { hasAddon, NO_ADDON } from './addon.ts';

const opens =
  (name: BackendName, note?: string): BackendLoader =>
  async () => ({ name, ...(note === undefined ? {} : { note }) });
const fails =
  (message: string): BackendLoader =>
  () =>
    Promise.reject(new Error(message));

describe('openBackend', () => {
  it.each<[string, Record<BackendName, BackendLoader>, BackendName, string]>([
    [
      'CUDA first',
      { 'tensorflow-gpu': opens('tensorflow-gpu'), tensorflow: fails('unasked'), wasm: fails('unasked') },
      'tensorflow-gpu',
      'the fastest there is',
    ],
    [
      'the processor where the CUDA package is not installed',
      {
        'tensorflow-gpu': fails("Cannot find module '@tensorflow/tfjs-node-gpu'\nRequire stack:\n- x"),
        tensorflow: opens('tensorflow'),
        wasm: fails('unasked'),
      },
      'tensorflow',
      'no tensorflow-gpu: @tensorflow/tfjs-node-gpu is not installed',
    ],
    [
      'the processor, through the same library, where CUDA has no device',
      {
        'tensorflow-gpu': opens('tensorflow', 'sees no CUDA device'),
        tensorflow: fails('unasked'),
        wasm: fails('unasked'),
      },
      'tensorflow',
      'sees no CUDA device',
    ],
    [
      'WebAssembly last, saying what did not load before it',
      {
        'tensorflow-gpu': fails('a'),
        tensorflow: fails('The Node.js native addon module (tfjs_binding.node) can not be found at path: x'),
        wasm: opens('wasm'),
      },
      'wasm',
      'no tensorflow-gpu: a; no tensorflow: its addon is not built',
    ],
  ])('picks %s', async (_, loaders, name, why) => {
    expect(await openBackend(undefined, loaders)).toEqual({ name, why });
  });

  it('does not put another in the place of the one asked for, and names the command that mends it', async () => {
    const none = { 'tensorflow-gpu': fails('x'), tensorflow: fails('y'), wasm: opens('wasm') };
    await expect(openBackend('tensorflow', none)).rejects.toMatchObject({
      tag: 'Environment',
      where: '--backend',
      message: expect.stringMatching(/tensorflow does not load: y .*npm run setup:tensorflow$/),
    });
    await expect(openBackend('tensorflow-gpu', none)).rejects.toThrow(/setup:tensorflow -- --gpu$/);
    const blind = {
      ...none,
      'tensorflow-gpu': opens('tensorflow', '@tensorflow/tfjs-node-gpu sees no CUDA device'),
    };
    await expect(openBackend('tensorflow-gpu', blind)).rejects.toThrow(/no CUDA device .*nvidia-smi/);
    const all = { 'tensorflow-gpu': fails('x'), tensorflow: fails('y'), wasm: fails('z') };
    await expect(openBackend(undefined, all)).rejects.toThrow(/no tensorflow: y; no wasm: z/);
  });

  it('takes WebAssembly where it is forced, though the addon may be there, and trains on it', async () => {
    expect(await openBackend('wasm')).toEqual({ name: 'wasm', why: 'asked for' });
    expect(tf.getBackend()).toBe('wasm');
    expect(await trainingStep()).toEqual([0.38, 0.54]);
  });

  it.skipIf(!hasAddon)(`trains on libtensorflow${NO_ADDON}`, async () => {
    expect(await openBackend('tensorflow')).toEqual({ name: 'tensorflow', why: 'asked for' });
    expect(tf.getBackend()).toBe('tensorflow');
    expect(await trainingStep()).toEqual([0.38, 0.54]);
    const picked = await openBackend();
    expect(BACKENDS.slice(0, 2)).toContain(picked.name);
  });
});

/**
 * Loss mean((x·w − y)²) from w = 0: its gradient is 2/2 · xᵀ(0 − y) = −[1·5 + 3·11, 2·5 + 4·11] = −[38, 54], so that one step
 * of 0.01 leads to [0.38, 0.54].
 */
async function trainingStep(): Promise<number[]> {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const y = tf.tensor2d([5, 11], [2, 1]);
  const w = tf.variable(tf.zeros([2, 1]));
  const loss = (): tf.Scalar => tf.mean(tf.squaredDifference(tf.matMul(x, w), y));
  tf.train.sgd(0.01).minimize(loss);
  const values = [...(await w.data())].map((value) => Number(value.toFixed(5)));
  tf.dispose([x, y, w]);
  return values;
}
