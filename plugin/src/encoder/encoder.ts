/** One window through the transformer, on some execution provider. */

export type ExecutionProvider = 'webgpu' | 'wasm-threads' | 'wasm' | 'cpu';

export interface EncoderOutput {
  /** float32 [rows, cols, dim], token-major; the caller owns the buffer. */
  readonly tokens: Float32Array;
  readonly rows: number;
  readonly cols: number;
}

export interface Encoder {
  readonly provider: ExecutionProvider;
  readonly dim: number;
  readonly patchPx: number;
  /** Number of windows run so far; tests count on it. */
  readonly runs: number;
  /** Median milliseconds a window on this provider, from the self-test and the runs since. */
  readonly windowMs: number;
  /**
   * @param image    float32 [3, heightPx, widthPx], already normalised with the manifest's mean and std
   * @param heightPx multiple of the patch
   * @param widthPx  multiple of the patch
   * Runs queue one behind the other; a run aborted while queued leaves the queue at once, one inside the
   * transformer runs to its end and its result is returned all the same.
   */
  run(
    image: Float32Array,
    heightPx: number,
    widthPx: number,
    options: { readonly signal?: AbortSignal; readonly priority?: () => number },
  ): Promise<EncoderOutput>;
  close(): Promise<void>;
}

/** What happened when providers and graphs were tried in order; shown to the user where one was refused. */
export interface ProviderReport {
  readonly chosen: ExecutionProvider;
  readonly refused: readonly Refusal[];
  /** Relative error ‖a − b‖₂ / ‖b‖₂ of the self-test of what was chosen. */
  readonly selfTestError: number;
}

/** A provider that is not used, or one of the checkpoint's graphs that is not used on it. */
export interface Refusal {
  readonly provider: ExecutionProvider;
  /** Path of the graph; absent where the provider runs none. */
  readonly graph?: string;
  readonly reason: string;
}

/** Fixed when a session opens, stored with every fit and result; display never touches it. */
export interface Normalisation {
  /** One index (shown to the encoder as grey) or three (as red, green, blue). */
  readonly channels: readonly number[];
  /** Stored value that becomes 0 and stored value that becomes 1, per channel of `channels`. */
  readonly black: readonly number[];
  readonly white: readonly number[];
}
