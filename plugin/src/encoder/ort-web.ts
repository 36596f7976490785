import type { AlibiError } from '../errors.ts';
import type { Backend } from './backend.ts';
import { openOrtSession, SESSION_OPTIONS } from './ort-session.ts';
import { deviceLost } from './resilient-encoder.ts';

type Ort = typeof import('onnxruntime-web');

export interface WebBackendOptions {
  /**
   * Folder (ending in `/`) or files of the runtime's `.wasm` and `.mjs`, for hosts whose bundler does not
   * place them beside the script. Always from where the page itself comes; never a CDN.
   */
  readonly wasmPaths?: string | { readonly wasm: string; readonly mjs: string };
  /** Threads of the `wasm-threads` provider. Default: the machine's cores, at most 8. */
  readonly threads?: number;
  /** Also use a WebGPU adapter that is software: correct, but slower than WASM. For tests. */
  readonly softwareGpu?: boolean;
  /** Where a runtime comes from; by default the package's own builds. For tests outside a browser. */
  readonly load?: (build: 'webgpu' | 'wasm') => Promise<Ort>;
}

/** More threads than this make a window of this size no faster. */
const MOST_THREADS = 8;

/**
 * The browser's providers in order of preference: WebGPU, WASM with threads, WASM. To be used inside a
 * worker of ours: ONNX Runtime's own proxy worker is left off, and a run occupies the thread.
 */
export function webBackends(options: WebBackendOptions = {}): readonly Backend[] {
  const load = options.load ?? loadBuild;
  const threads = options.threads ?? Math.min(MOST_THREADS, globalThis.navigator?.hardwareConcurrency ?? 1);
  return [webgpuBackend(options, load), ...wasmBackends(options, load, threads)];
}

async function loadBuild(build: 'webgpu' | 'wasm'): Promise<Ort> {
  return build === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');
}

function webgpuBackend(options: WebBackendOptions, load: (build: 'webgpu') => Promise<Ort>): Backend {
  return {
    provider: 'webgpu',
    // The fused attention kernel has been seen to give wrong numbers on WebGPU; the plain graph agrees.
    graphs: ['plain', 'fused'],
    async obstacle() {
      const adapter = await requestAdapter();
      if (adapter === undefined) return 'this browser has no WebGPU';
      if (adapter === null) return 'WebGPU finds no graphics card';
      if (isSoftware(adapter) && options.softwareGpu !== true) {
        return 'WebGPU runs in software here, which is slower than WASM';
      }
      return undefined;
    },
    async halfFloat() {
      return (await requestAdapter())?.features?.has('shader-f16') ?? false;
    },
    async open(model) {
      const ort = await load('webgpu');
      configure(ort, options, 1);
      const session = await openOrtSession(
        ort,
        model,
        { ...SESSION_OPTIONS, executionProviders: ['webgpu'] },
        (error) => describeGpuFailure(error),
      );
      return session;
    },
  };
}

function wasmBackends(
  options: WebBackendOptions,
  load: (build: 'wasm') => Promise<Ort>,
  threads: number,
): Backend[] {
  // A runtime takes its number of threads when it starts and cannot change it.
  let startedWith: number | undefined;
  const backend = (provider: 'wasm-threads' | 'wasm', obstacle: () => string | undefined): Backend => ({
    provider,
    graphs: ['fused', 'plain'],
    obstacle: async () => obstacle(),
    async open(model) {
      const ort = await load('wasm');
      startedWith ??= provider === 'wasm' ? 1 : threads;
      configure(ort, options, startedWith);
      return openOrtSession(ort, model, { ...SESSION_OPTIONS, executionProviders: ['wasm'] });
    },
  });
  return [
    backend('wasm-threads', () => {
      if (threads < 2) return 'this machine offers one core';
      if (!hasSharedMemory())
        return 'the page is not cross-origin isolated (headers COOP and COEP), so WASM has no threads';
      return undefined;
    }),
    backend('wasm', () =>
      startedWith === undefined || startedWith === 1
        ? undefined
        : 'the WASM runtime has already started with threads',
    ),
  ];
}

function configure(ort: Ort, { wasmPaths }: WebBackendOptions, numThreads: number): void {
  ort.env.wasm.numThreads = numThreads;
  ort.env.wasm.proxy = false;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
}

function hasSharedMemory(): boolean {
  // Outside a browser there is no isolation to speak of and shared memory is simply there.
  return globalThis.crossOriginIsolated ?? typeof SharedArrayBuffer !== 'undefined';
}

interface Adapter {
  readonly features?: { has(name: string): boolean };
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly architecture?: string;
    readonly description?: string;
  };
  readonly isFallbackAdapter?: boolean;
}

/** `undefined` without WebGPU, `null` without an adapter. WebGPU's types are in no lib of TypeScript yet. */
async function requestAdapter(): Promise<Adapter | null | undefined> {
  const navigator:
    | { readonly gpu?: { requestAdapter(options: object): Promise<Adapter | null> } }
    | undefined = globalThis.navigator;
  return navigator?.gpu?.requestAdapter({ powerPreference: 'high-performance' });
}

function isSoftware({ info, isFallbackAdapter }: Adapter): boolean {
  if (isFallbackAdapter === true || info?.isFallbackAdapter === true) return true;
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info?.architecture} ${info?.description}`);
}

/** ONNX Runtime tells a lost device only in the text of its error. */
function describeGpuFailure(error: unknown): AlibiError {
  return deviceLost('webgpu', error);
}
