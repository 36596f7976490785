import { selfTestImage } from 'alibi-zarr/checkpoint';
import type { QuantizeOutput } from 'alibi-zarr-schemas';
import { relativeError } from '../onnx/relative-error.ts';
import { openCpuRunner, type Runner } from '../onnx/run.ts';
import { openWasmRunner } from '../onnx/run-wasm.ts';
import type { Tensor } from '../weights/vit-weights.ts';
import { type Agreement, agreement } from './agreement.ts';

export type Provider = 'cpu' | 'wasm';
export type SelfTestCheck = QuantizeOutput['graphs'][number]['selfTest'][number];
export type Speed = QuantizeOutput['graphs'][number]['speed'][number];

/** One input of the transformer: [1, 3, H, W], normalised. */
export type Input = Tensor;

/** What every precision is held against: the fp32 graph on each provider, and its answers. */
export interface Reference {
  readonly runners: Readonly<Record<Provider, Runner>>;
  readonly inputs: readonly Input[];
  /** Its features of the inputs, on the CPU. */
  readonly features: readonly Tensor[];
  readonly selfTest: { readonly input: Input; readonly answer: Float32Array };
}

export interface Comparison {
  readonly selfTest: readonly SelfTestCheck[];
  readonly features: Agreement;
  readonly speed: readonly Speed[];
}

const PROVIDERS: readonly Provider[] = ['cpu', 'wasm'];

/** @throws AlibiError  UnsupportedFormat: a runtime refuses the graph */
export async function openRunners(model: Uint8Array): Promise<Record<Provider, Runner>> {
  return { cpu: await openCpuRunner(model), wasm: await openWasmRunner(model) };
}

export async function closeRunners(runners: Readonly<Record<Provider, Runner>>): Promise<void> {
  await Promise.all([runners.cpu.close(), runners.wasm.close()]);
}

/** Opens the fp32 graph and runs it once on each input. The caller closes `runners`. */
export async function openReference(
  model: Uint8Array,
  o: {
    readonly inputs: readonly Input[];
    readonly selfTest: Reference['selfTest'];
    readonly signal: AbortSignal;
  },
): Promise<Reference> {
  const runners = await openRunners(model);
  try {
    const features = await featuresOf(runners.cpu, o.inputs, o.signal);
    return { runners, inputs: o.inputs, features, selfTest: o.selfTest };
  } catch (error) {
    await closeRunners(runners);
    throw error;
  }
}

/**
 * Holds a graph against fp32.
 *
 * @param o.tolerance  largest relative error of the self-test
 * @param o.repeats    timed runs on each provider, of which the median counts; 0 leaves time out
 */
export async function compareGraph(
  model: Uint8Array,
  reference: Reference,
  o: { readonly tolerance: number; readonly repeats: number; readonly signal: AbortSignal },
): Promise<Comparison> {
  const runners = await openRunners(model);
  try {
    const selfTest: SelfTestCheck[] = [];
    for (const provider of PROVIDERS) {
      const [features] = await featuresOf(runners[provider], [reference.selfTest.input], o.signal);
      const error = relativeError(features?.data ?? new Float32Array(), reference.selfTest.answer);
      const finite = Number.isFinite(error);
      selfTest.push({ provider, relativeError: finite ? error : null, ok: finite && error <= o.tolerance });
    }
    const features = await featuresOf(runners.cpu, reference.inputs, o.signal);
    const speed: Speed[] = [];
    for (const provider of o.repeats > 0 ? PROVIDERS : []) {
      speed.push({ provider, ...(await relativeTime(runners[provider], reference, provider, o)) });
    }
    return { selfTest, features: await agreement(features, reference.features, o.signal), speed };
  } finally {
    await closeRunners(runners);
  }
}

/** Runs fp32 and the graph by turns on one input, so that what else the machine does meets both alike. */
async function relativeTime(
  runner: Runner,
  { runners, inputs }: Reference,
  provider: Provider,
  o: { readonly repeats: number; readonly signal: AbortSignal },
): Promise<Omit<Speed, 'provider'>> {
  const input = inputs[0] ?? { shape: [], data: new Float32Array() };
  const timed = async (candidate: Runner): Promise<number> => {
    o.signal.throwIfAborted();
    const begun = performance.now();
    await candidate.run(input.data, input.shape);
    return performance.now() - begun;
  };
  // The first run of a shape allocates; it is not counted.
  await timed(runner);
  await timed(runners[provider]);
  const times: number[] = [];
  const floatTimes: number[] = [];
  for (let i = 0; i < o.repeats; i++) {
    floatTimes.push(await timed(runners[provider]));
    times.push(await timed(runner));
  }
  const [ms, fp32Ms] = [median(times), median(floatTimes)];
  return { ms, fp32Ms, relativeTime: ms / fp32Ms };
}

async function featuresOf(runner: Runner, inputs: readonly Input[], signal: AbortSignal): Promise<Tensor[]> {
  const all: Tensor[] = [];
  for (const { data, shape } of inputs) {
    signal.throwIfAborted();
    const features = (await runner.run(data, shape)).get('features');
    if (features === undefined) throw new TypeError('the graph has no output "features"');
    all.push(features);
  }
  return all;
}

/** The self-test's generated image of a grid of tokens. */
export function generatedInput(seed: number, grid: { rows: number; cols: number }, patchPx: number): Input {
  const [height, width] = [grid.rows * patchPx, grid.cols * patchPx];
  return { shape: [1, 3, height, width], data: selfTestImage(seed, height, width) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 0 ? (low + high) / 2 : high;
}
