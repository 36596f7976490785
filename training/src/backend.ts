import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { AlibiError } from 'alibi-zarr/checkpoint';

/** `tensorflow-gpu` and `tensorflow` are libtensorflow through the addon, with CUDA and without. */
export const BACKENDS = ['tensorflow-gpu', 'tensorflow', 'wasm'] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface Backend {
  readonly name: BackendName;
  /** Why this one, for people: what came before it in the order and did not load. */
  readonly why: string;
}

const SETUP = 'Run: npm run setup:tensorflow';
const require = createRequire(import.meta.url);

/** Makes TensorFlow.js compute on a backend, or says why it cannot. */
const loaders: Readonly<Record<BackendName, () => Promise<void>>> = {
  'tensorflow-gpu': async () => {
    require('@tensorflow/tfjs-node-gpu');
    await select('tensorflow');
  },
  tensorflow: async () => {
    require('@tensorflow/tfjs-node');
    await select('tensorflow');
  },
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const entry = require.resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(entry.slice(0, entry.search(/[^/\\]*$/)));
    await select('wasm');
  },
};

/**
 * Pick what TensorFlow.js computes on: CUDA, else the processor through libtensorflow, else WebAssembly. A process has one.
 *
 * @param asked  force this one
 * @throws AlibiError  Environment: the one asked for does not load
 */
export async function openBackend(asked?: BackendName): Promise<Backend> {
  const missing: string[] = [];
  for (const name of asked === undefined ? BACKENDS : [asked]) {
    try {
      await loaders[name]();
      return { name, why: asked === undefined ? missing.join('; ') || 'the fastest there is' : 'asked for' };
    } catch (cause) {
      const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '').trim() : String(cause);
      if (asked !== undefined) {
        throw new AlibiError('Environment', {
          what: `the backend ${name} does not load: ${reason}`,
          where: '--backend',
          remedy: SETUP,
          cause,
        });
      }
      missing.push(`no ${name} (${reason})`);
    }
  }
  throw new TypeError('WebAssembly is always there');
}

async function select(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend ${name}`);
  await tf.ready();
}
