import { benchSeam } from 'alibi-train';
import { hasShared, sharedPath } from '../shared.ts';
import { defaultModel } from './default-model.ts';

const images = [
  ['superalloy', 'val', 'spot1_0d_0.png'],
  ['superalloy', 'test', 'spot2_0d_0.png'],
  ['coating', 'train', '010417_4_S2480009.png'],
  ['coating', 'train', '010417_4_S2480023.png'],
] as const;

/**
 * How much the default window plan shows in the features of the shipped checkpoint: centred consistency, seam ratio, cost and
 * label pixels changed by a shifted window grid, mean over the micrographs above (56×56 tokens each).
 */
export async function seam({ model = defaultModel }: { readonly model?: string } = {}) {
  const missing = images.find((parts) => !hasShared('data', 'micrographs', ...parts));
  if (missing !== undefined)
    throw new Error(`skipped: needs ${sharedPath('data', 'micrographs', ...missing)}`);
  return benchSeam({
    manifest: model,
    images: images.map((parts) => sharedPath('data', 'micrographs', ...parts)),
    onProgress: (done, total) => console.error(`${done}/${total}`),
  });
}
