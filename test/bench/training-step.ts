import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../../training/src/backend.ts';
import { ADAMW, AdamW } from '../../training/src/finetune/adamw.ts';
import { addGradients, type Batch, createVit } from '../../training/src/finetune/student.ts';
import { PAPER } from '../../training/src/onnx/position.ts';
import { randomVit } from '../../training/src/random-vit.ts';
import { Gradients } from '../../training/src/vit/parameters.ts';
import { encode } from '../../training/src/vit/transformer.ts';

interface StepOptions {
  /** What this process is to time; absent: each in a process of its own, and PyTorch. */
  readonly role?: 'tensorflow' | 'recompute' | 'wasm';
  readonly dim?: number;
  readonly blocks?: number;
  readonly heads?: number;
  /** Along a side. */
  readonly tokens?: number;
  readonly batch?: number;
  /** WebAssembly has a batch of its own: it is several times slower. */
  readonly wasmBatch?: number;
  /** Timed steps, after one that is not. */
  readonly steps?: number;
  /** Times the addon and PyTorch are timed in turn; the median ratio counts. Default 3. */
  readonly rounds?: number;
  /** With torch; default: `python3`. */
  readonly python?: string;
}

interface Timing {
  readonly parameters: number;
  /** Medians. */
  readonly stepMs: number;
  readonly forwardMs: number;
  /** Of the process, from its start. */
  readonly peakMiB: number;
  readonly version: string;
}

type Peer = Timing | { readonly skipped: string };

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PATCH = 14;

/**
 * A training step (forward, cosine loss, backward, AdamW; without the teacher) of a ViT-S/14 under ALiBi at 224², batch 8, fp32:
 * on the TensorFlow addon, with blocks computed again and without, on WebAssembly, and in PyTorch, each in a process of its
 * own. `ratio` is the addon's time over PyTorch's; `backwardOverForward` is WebAssembly's.
 */
export async function trainingStep(o: StepOptions = {}): Promise<unknown> {
  const sizes = { dim: 384, blocks: 12, heads: 6, tokens: 16, batch: 8, steps: 5, ...o };
  if (o.role !== undefined) return timed(o.role, sizes);
  // One after the other, several times: what else the machine does falls on both.
  const pairs: { readonly addon: Peer; readonly torch: Peer }[] = [];
  for (let round = 0; round < (o.rounds ?? 3); round++) {
    const addon = await inProcess('tensorflow', sizes);
    pairs.push({ addon, torch: await inTorch(o.python ?? 'python3', sizes) });
  }
  const recompute = await inProcess('recompute', sizes);
  const wasm = await inProcess('wasm', {
    ...sizes,
    batch: o.wasmBatch ?? 1,
    steps: Math.min(3, sizes.steps),
  });
  const ratios = pairs.flatMap(({ addon, torch }) => {
    if (!('stepMs' in addon && 'stepMs' in torch)) return [];
    if (addon.parameters !== torch.parameters) {
      throw new Error(
        `${addon.parameters} parameters here, ${torch.parameters} in PyTorch: not the same work`,
      );
    }
    return [{ time: addon.stepMs / torch.stepMs, memory: addon.peakMiB / torch.peakMiB }];
  });
  return {
    sizes,
    pairs,
    recompute,
    wasm,
    ratio: ratios.length === 0 ? null : median(ratios.map(({ time }) => time)),
    memoryRatio: ratios.length === 0 ? null : median(ratios.map(({ memory }) => memory)),
    backwardOverForward: 'stepMs' in wasm ? (wasm.stepMs - wasm.forwardMs) / wasm.forwardMs : null,
  };
}

type Sizes = Required<Pick<StepOptions, 'dim' | 'blocks' | 'heads' | 'tokens' | 'batch' | 'steps'>>;

async function timed(role: 'tensorflow' | 'recompute' | 'wasm', o: Sizes): Promise<Timing> {
  const backend = await openBackend(role === 'wasm' ? 'wasm' : 'tensorflow');
  const { dim, blocks, heads } = o;
  const weights = randomVit({ seed: 1, dim, blocks, patch: PATCH, registers: 0 });
  const vit = createVit(weights, { heads, layerNormEps: 1e-6, position: PAPER });
  const optimizer = new AdamW(vit.parameters, ADAMW);
  const side = o.tokens * PATCH;
  const wave = (_: unknown, i: number): number => Math.sin(i * 0.37) + Math.cos(i * 0.011);
  const batch: Batch = {
    images: {
      shape: [o.batch, 3, side, side],
      data: Float32Array.from({ length: o.batch * 3 * side * side }, wave),
    },
    targets: Float32Array.from({ length: o.batch * o.tokens ** 2 * dim }, wave),
  };
  const steps: number[] = [];
  const forwards: number[] = [];
  for (let step = 0; step <= o.steps; step++) {
    const stepMs = took(() => {
      const gradients = new Gradients();
      addGradients(vit, batch, { loss: 'cosine', gradients, recompute: role === 'recompute' });
      optimizer.apply(vit.parameters, gradients.entries(), { learningRate: 1e-5, step: step + 1, factor: 1 });
      gradients.dispose();
    });
    const forwardMs = took(() => {
      // Read outside: a tidy looks for tensors in every element of what it returns.
      const tokens = tf.tidy(() => encode(vit, tf.tensor4d(batch.images.data, [...batch.images.shape])));
      tokens.dataSync();
      tokens.dispose();
    });
    console.error(
      `${role}, step ${step} of ${o.steps}: ${stepMs.toFixed(0)} ms, forward alone ${forwardMs.toFixed(0)}`,
    );
    if (step > 0) steps.push(stepMs);
    if (step > 0) forwards.push(forwardMs);
  }
  const parameters = [...vit.parameters.values()].reduce((sum, { size }) => sum + size, 0);
  return {
    parameters,
    stepMs: median(steps),
    forwardMs: median(forwards),
    peakMiB: process.resourceUsage().maxRSS / 1024,
    version: backend.name,
  };
}

function took(work: () => void): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function inProcess(role: 'tensorflow' | 'recompute' | 'wasm', o: Sizes): Promise<Peer> {
  const flags = Object.entries(numbersOf(o)).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const script = join(REPOSITORY, 'scripts', 'bench.mjs');
  const { code, out, err } = await spawned(process.execPath, [
    script,
    'training-step',
    '--role',
    role,
    ...flags,
  ]);
  if (code !== 0) return { skipped: lastLine(err) };
  const printed: { result: Timing } = JSON.parse(out.slice(out.indexOf('{')));
  return printed.result;
}

async function inTorch(python: string, o: Sizes): Promise<Peer> {
  const script = join(REPOSITORY, 'test', 'bench', 'training_step.py');
  const { code, out, err } = await spawned(python, [script, JSON.stringify(numbersOf(o))]);
  if (code !== 0) return { skipped: `${python}: ${lastLine(err) || `exit code ${code}`}` };
  const printed: Timing = JSON.parse(out);
  return printed;
}

function numbersOf({ dim, blocks, heads, tokens, batch, steps }: Sizes): Sizes {
  return { dim, blocks, heads, tokens, batch, steps };
}

function spawned(
  command: string,
  argv: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      process.stderr.write(text);
    });
    child.on('error', (error) => resolve({ code: 127, out, err: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, out, err }));
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
