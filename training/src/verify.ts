import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AlibiError, selfTestImage, selfTestTolerance } from 'alibi-zarr/checkpoint';
import { parseCheckpointManifest, type VerifyOutput } from 'alibi-zarr-schemas';
import { chooseGraph } from './choose-graph.ts';
import { sha256 } from './hash.ts';
import type { CheckpointManifest } from './manifest.ts';
import type { Precision } from './onnx/precision.ts';
import { relativeError } from './onnx/relative-error.ts';
import { openCpuRunner, type Runner } from './onnx/run.ts';
import { openWasmRunner } from './onnx/run-wasm.ts';
import type { Tensor } from './weights/vit-weights.ts';

type Check = VerifyOutput['checks'][number];

// Providers differ by the order of their sums: 1e-6 in float32. Another graph or a wrong operator shows at 1e-2.
const FLOAT_TOLERANCE = 1e-4;
// Where the arithmetic rounds to fewer bits, a last bit of difference before it can be a whole step behind it.
const ROUNDED_TOLERANCE = 2e-2;
const ROUNDED: readonly Precision[] = ['fp16-arithmetic', 'int8-dynamic'];
// Wide, tall and small grids: exchanged axes and constants baked in at one size would show.
const GRIDS = [
  { rows: 3, cols: 11 },
  { rows: 9, cols: 2 },
  { rows: 1, cols: 1 },
];

/**
 * Runs the graphs of a checkpoint (all, or those of one precision) on the CPU and in WASM at several grids, and compares them with each other and with
 * the stored answer of the self-test.
 *
 * @throws AlibiError  the manifest or a file cannot be read, or a file is not the one the manifest names; UnsupportedFormat: a graph is
 *   none of an encoder, or would open other files or libraries
 */
export async function verify(
  path: string,
  o: { readonly precision?: Precision | undefined; readonly signal?: AbortSignal } = {},
): Promise<VerifyOutput> {
  const manifest = await readManifest(path);
  const graphs =
    o.precision === undefined
      ? manifest.graphs
      : manifest.graphs.filter(({ precision }) => precision === chooseGraph(manifest, o.precision).precision);
  const dir = dirname(path);
  const answer = await readVerified(join(dir, manifest.selfTest.path), manifest.selfTest.sha256);
  const checks: Check[] = [];
  for (const graph of graphs) {
    const file = join(dir, graph.path);
    const model = await readVerified(file, graph.sha256);
    const runners = { cpu: await openCpuRunner(model, file), wasm: await openWasmRunner(model, file) };
    try {
      checks.push(...(await checkGraph(manifest, graph, { runners, answer, signal: o.signal })));
    } finally {
      await Promise.all([runners.cpu.close(), runners.wasm.close()]);
    }
  }
  return {
    manifest: path,
    name: manifest.name,
    agrees: checks.every((check) => check.ok),
    unavailable: [
      { provider: 'webgpu', reason: 'Node has no WebGPU; the viewer tests it when it opens the model' },
    ],
    checks,
  };
}

interface Runners {
  readonly cpu: Runner;
  readonly wasm: Runner;
}

async function checkGraph(
  manifest: CheckpointManifest,
  graph: CheckpointManifest['graphs'][number],
  o: { readonly runners: Runners; readonly answer: Uint8Array; readonly signal: AbortSignal | undefined },
): Promise<Check[]> {
  const { selfTest, window } = manifest;
  const checks: Check[] = [];
  const add = (check: Omit<Check, 'graph' | 'precision' | 'ok' | 'relativeError'>, error: number): void => {
    const finite = Number.isFinite(error);
    const ok = finite && error <= check.tolerance;
    const { path, precision } = graph;
    checks.push({ graph: path, precision, ...check, relativeError: finite ? error : null, ok });
  };
  const expected = new Float32Array(o.answer.buffer, o.answer.byteOffset, o.answer.byteLength / 4);
  const tolerance = selfTestTolerance(selfTest, graph);
  const providerTolerance = ROUNDED.includes(graph.precision) ? ROUNDED_TOLERANCE : FLOAT_TOLERANCE;
  for (const grid of [selfTest, ...GRIDS, window]) {
    o.signal?.throwIfAborted();
    const { rows, cols } = grid;
    const [height, width] = [rows * manifest.architecture.patch, cols * manifest.architecture.patch];
    const image = selfTestImage(selfTest.seed, height, width);
    const [cpu, wasm] = [
      await o.runners.cpu.run(image, [1, 3, height, width]),
      await o.runners.wasm.run(image, [1, 3, height, width]),
    ];
    if (grid === selfTest) {
      for (const [provider, outputs] of [['cpu', cpu] as const, ['wasm', wasm] as const]) {
        const got = outputs.get('features')?.data ?? new Float32Array();
        add({ provider, against: 'self-test', rows, cols, tolerance }, relativeError(got, expected));
      }
    }
    add(
      { provider: 'wasm', against: 'cpu', rows, cols, tolerance: providerTolerance },
      largestError(wasm, cpu),
    );
  }
  return checks;
}

function largestError(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): number {
  if (a.size !== b.size) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [name, tensor] of b) {
    const error = relativeError(a.get(name)?.data ?? new Float32Array(), tensor.data);
    largest = Math.max(largest, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return largest;
}

/** @throws AlibiError  NotFound or InvalidInput */
export async function readManifest(path: string): Promise<CheckpointManifest> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new AlibiError(cause instanceof SyntaxError ? 'InvalidInput' : 'NotFound', {
      what: cause instanceof SyntaxError ? 'the manifest is not JSON' : 'the manifest cannot be read',
      where: path,
      remedy: 'Give the path of a manifest.json written by "alibi-train convert".',
      cause,
    });
  }
  const manifest = parseCheckpointManifest(value);
  if (manifest.ok) return manifest.value;
  throw new AlibiError('InvalidInput', {
    what: `the manifest's ${manifest.path || 'root'} ${manifest.message}`,
    where: path,
    remedy: 'Write it with "alibi-train convert".',
  });
}

/** @throws AlibiError  NotFound, or Integrity: another file than the manifest names */
export async function readVerified(path: string, hash: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch (cause) {
    const remedy = 'Put it beside the manifest, or convert the weights again.';
    throw new AlibiError('NotFound', {
      what: 'a file of the checkpoint cannot be read',
      where: path,
      remedy,
      cause,
    });
  }
  if (sha256(bytes) === hash) return bytes;
  throw new AlibiError('Integrity', {
    what: 'the file is not the one the manifest names (SHA-256)',
    where: path,
    remedy: 'Fetch it again, or convert the weights again.',
  });
}
