import type { SeamResult } from 'alibi-zarr-schemas';
import { openSubject } from '../bench-subject.ts';
import { measureSeam, type SeamOptions } from './measure-seam.ts';

export interface SeamBenchOptions extends Partial<SeamOptions> {
  readonly manifest: string;
  /** PNG files. */
  readonly images: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** `alibi-train bench seam` as a function: how much window plans of a checkpoint show in the features of images. */
export async function benchSeam({ manifest, images, ...o }: SeamBenchOptions): Promise<SeamResult> {
  const signal = o.signal ?? new AbortController().signal;
  const subject = await openSubject(manifest);
  let [done, total] = [0, 0];
  const context = {
    images,
    command: 'benchSeam',
    signal,
    expect: (steps: number) => {
      total += steps;
    },
    step: async () => {
      signal.throwIfAborted();
      await new Promise(setImmediate);
      o.onProgress?.(++done, total);
    },
  };
  try {
    const defaults = { tokens: 56, crops: 1, scale: 1, classes: 3, seed: 1, shift: true };
    return await measureSeam(subject, context, { ...defaults, ...o });
  } finally {
    await subject.runner.close();
  }
}
