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

/** Makes TensorFlow.js compute on a backend, and says what that came down to; rejects where it cannot. */
export type BackendLoader = () => Promise<{ readonly name: BackendName; readonly note?: string }>;

const SETUP: Readonly<Record<BackendName, string>> = {
  'tensorflow-gpu': 'Run: npm run setup:tensorflow -- --gpu',
  tensorflow: 'Run: npm run setup:tensorflow',
  wasm: 'Install the packages again: npm ci',
};
const NO_DEVICE = '@tensorflow/tfjs-node-gpu sees no CUDA device';
const require = createRequire(import.meta.url);

const loaders: Readonly<Record<BackendName, BackendLoader>> = {
  'tensorflow-gpu': async () => {
    await openAddon('@tensorflow/tfjs-node-gpu');
    // The same library without CUDA is the processor; a second one cannot be loaded beside it.
    return seesGpu() ? { name: 'tensorflow-gpu' } : { name: 'tensorflow', note: NO_DEVICE };
  },
  tensorflow: async () => {
    await openAddon('@tensorflow/tfjs-node');
    return { name: 'tensorflow' };
  },
  wasm: async () => {
    // Only the union package registers the gradients; tfjs-node requires it by itself.
    require('@tensorflow/tfjs');
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const entry = require.resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(entry.slice(0, entry.search(/[^/\\]*$/)));
    await select('wasm');
    return { name: 'wasm' };
  },
};

/**
 * Pick what TensorFlow.js computes on: CUDA, else the processor through libtensorflow, else WebAssembly. A process has one.
 *
 * @param asked  force this one
 * @param from   how each is loaded; default: the real ones
 * @throws AlibiError  Environment: the one asked for does not load, or has no device
 */
export async function openBackend(
  asked?: BackendName,
  from: Readonly<Record<BackendName, BackendLoader>> = loaders,
): Promise<Backend> {
  const missing: string[] = [];
  for (const candidate of asked === undefined ? BACKENDS : [asked]) {
    try {
      const { name, note } = await from[candidate]();
      if (asked !== undefined && name !== asked) throw new Error(note ?? `it opens ${name}`);
      if (note !== undefined) missing.push(note);
      return { name, why: asked === undefined ? missing.join('; ') || 'the fastest there is' : 'asked for' };
    } catch (cause) {
      const reason = reasonOf(cause);
      if (asked !== undefined) throw notLoaded(asked, reason, cause);
      missing.push(`no ${candidate}: ${reason}`);
    }
  }
  throw notLoaded('wasm', missing.join('; '), undefined);
}

function notLoaded(name: BackendName, reason: string, cause: unknown): AlibiError {
  const remedy =
    reason === NO_DEVICE ? 'Look whether nvidia-smi lists a device, or leave --backend out.' : SETUP[name];
  return new AlibiError('Environment', {
    what: `the backend ${name} does not load: ${reason}`,
    where: '--backend',
    remedy,
    cause,
  });
}

/** The first line of what the module loader or the addon says; tfjs-node's goes on with advice that is not ours. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? (cause.message.split('\n')[0] ?? '').trim() : String(cause);
  const [, absent] = /^Cannot find module '([^']+)'/.exec(text) ?? [];
  if (absent !== undefined) return `${absent} is not installed`;
  if (/native addon module .* can not be found/.test(text)) return 'its addon is not built';
  return text;
}

async function openAddon(name: string): Promise<void> {
  restoreUtil();
  // libtensorflow leaves oneDNN off on many processors; its products of attention are two to three times as fast. Theirs to switch off.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  require(name);
  await select('tensorflow');
}

/** Node 23 removed two functions of `node:util` that tfjs-node 4.22 calls. */
function restoreUtil(): void {
  const util: Record<string, unknown> = require('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

function seesGpu(): boolean {
  const backend: object = tf.backend();
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

async function select(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend ${name}`);
  await tf.ready();
}
