import { AlibiError } from '../errors.ts';
import type { Encoder, ExecutionProvider } from './encoder.ts';

/** True for the error of a session whose device is gone (a GPU reset, a driver update, a sleeping laptop). */
export function isDeviceLost(error: unknown): error is AlibiError {
  return error instanceof AlibiError && error.data.deviceLost === true;
}

/** The error a session throws when its device is gone. */
export function deviceLost(provider: ExecutionProvider, cause: unknown): AlibiError {
  return new AlibiError('Environment', {
    what: `the graphics device failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: provider,
    remedy: 'The work goes on with the next provider; reload the page to use the device again.',
    cause,
    data: { deviceLost: true },
  });
}

/**
 * An encoder that survives the loss of its device: the next provider is opened once for all runs that
 * failed, and they run again there. Opening announces itself (`openNext` reports); it is never silent.
 */
export function createResilientEncoder(
  first: Encoder,
  openNext: (lost: ExecutionProvider, reason: string) => Promise<Encoder>,
): Encoder {
  let current = first;
  let earlierRuns = 0;
  let replacing: { readonly lost: Encoder; readonly next: Promise<Encoder> } | undefined;

  const replace = (lost: Encoder, error: AlibiError): Promise<Encoder> => {
    if (current !== lost) return Promise.resolve(current);
    if (replacing?.lost === lost) return replacing.next;
    const next = (async () => {
      const encoder = await openNext(lost.provider, error.what);
      earlierRuns += lost.runs;
      current = encoder;
      // Nothing is left to release on a lost device: that it fails or hangs must not hold up the next one.
      void lost.close().catch(() => undefined);
      return encoder;
    })();
    replacing = { lost, next };
    return next;
  };

  return {
    get provider() {
      return current.provider;
    },
    get dim() {
      return current.dim;
    },
    get patchPx() {
      return current.patchPx;
    },
    get runs() {
      return earlierRuns + current.runs;
    },
    get windowMs() {
      return current.windowMs;
    },
    async run(image, heightPx, widthPx, options) {
      for (let encoder = current; ; ) {
        try {
          return await encoder.run(image, heightPx, widthPx, options);
        } catch (error) {
          if (!isDeviceLost(error)) throw error;
          encoder = await replace(encoder, error);
        }
      }
    },
    close: () => current.close(),
  };
}
