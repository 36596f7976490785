import type { GraphSession } from '../../src/encoder/backend.ts';
import { createSessionEncoder } from '../../src/encoder/session-encoder.ts';

/**
 * A stand-in for a transformer whose tokens depend on their window: token (r, c) is
 * [mean of red over its patch, mean of red over the whole window, r, c].
 */
export function fakeSession(patchPx: number, before?: () => Promise<void>): GraphSession {
  return {
    async run(image, heightPx, widthPx) {
      await before?.();
      const rows = heightPx / patchPx;
      const cols = widthPx / patchPx;
      const features = new Float32Array(4 * rows * cols);
      let total = 0;
      for (let i = 0; i < heightPx * widthPx; i++) total += image[i]!;
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < cols; c++) {
          let sum = 0;
          for (let y = 0; y < patchPx; y++) {
            for (let x = 0; x < patchPx; x++) sum += image[(r * patchPx + y) * widthPx + c * patchPx + x]!;
          }
          const at = r * cols + c;
          features[at] = sum / patchPx ** 2;
          features[rows * cols + at] = total / (heightPx * widthPx);
          features[2 * rows * cols + at] = r;
          features[3 * rows * cols + at] = c;
        }
      }
      return features;
    },
    close: async () => undefined,
  };
}

export function fakeEncoder(patchPx: number, before?: () => Promise<void>) {
  return createSessionEncoder({
    session: fakeSession(patchPx, before),
    provider: 'cpu',
    dim: 4,
    patchPx,
    windowMs: 5,
  });
}
