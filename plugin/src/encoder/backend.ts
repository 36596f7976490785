import type { ExecutionProvider } from './encoder.ts';

export type GraphKind = 'plain' | 'fused';

/** One way of running a graph: an execution provider of some runtime. */
export interface Backend {
  readonly provider: ExecutionProvider;
  /** Which of a checkpoint's graphs to try, the preferred kind first. */
  readonly graphs: readonly GraphKind[];
  /** Whether the device computes in float16 by itself; absent: it does not. Asked only where there is no obstacle. */
  halfFloat?(): Promise<boolean>;
  /** Why it cannot be used here, in one clause; `undefined` where it can. */
  obstacle(): Promise<string | undefined>;
  /**
   * @param model  an ONNX file; not kept
   * @throws whatever the runtime throws
   */
  open(model: Uint8Array, options: { readonly signal?: AbortSignal }): Promise<GraphSession>;
}

/** A loaded graph. Never asked for two runs at once. */
export interface GraphSession {
  /**
   * @param image  float32 [3, heightPx, widthPx]
   * @returns      `features`, float32 [dim, rows, cols]; the caller owns the buffer
   * @throws AlibiError Environment with `data.deviceLost`  the device is gone, another provider may serve
   */
  run(image: Float32Array, heightPx: number, widthPx: number): Promise<Float32Array>;
  close(): Promise<void>;
}
