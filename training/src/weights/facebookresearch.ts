import { TensorTaker } from './canonical.ts';
import { fromBlocks, type SchemeOptions } from './timm.ts';
import type { StateDict, VitWeights } from './vit-weights.ts';

/**
 * facebookresearch's names: timm's but for `register_tokens` (DINOv3: `storage_tokens`); training checkpoints number blocks within chunks
 * (`blocks.CHUNK.N.…`, N counted over all chunks).
 */
export function fromFacebookresearch(
  tensors: StateDict,
  ignored: RegExp,
  options: SchemeOptions,
): VitWeights {
  const flat = new Map(
    [...tensors].map(([name, tensor]) => [name.replace(/^blocks\.\d+\.(\d+)\./, 'blocks.$1.'), tensor]),
  );
  const taker = new TensorTaker(flat, options.where);
  const weights = fromBlocks(taker, {
    ...options,
    registers: taker.has('storage_tokens') ? 'storage_tokens' : 'register_tokens',
  });
  taker.finish(ignored);
  return weights;
}
