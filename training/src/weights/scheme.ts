import { AlibiError } from 'alibi-zarr/checkpoint';
import type { ByteSource } from './byte-source.ts';
import { TensorTaker } from './canonical.ts';
import { fromFacebookresearch } from './facebookresearch.ts';
import { fromHuggingface, HUGGINGFACE_IGNORED } from './huggingface.ts';
import { readPth } from './pth.ts';
import { readSafetensors } from './safetensors.ts';
import { fromTimm, type SchemeOptions, TIMM_IGNORED } from './timm.ts';
import type { StateDict, VitWeights } from './vit-weights.ts';

export type Scheme = 'timm' | 'facebookresearch' | 'huggingface';

/** Tells the container by its first bytes, not by its name. */
export async function readTensors(source: ByteSource): Promise<StateDict> {
  const start = await source.read(0, Math.min(9, source.size));
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  const isSafetensors = start[8] === 0x7b;
  if (isZip || !isSafetensors) return readPth(source);
  return readSafetensors(source);
}

/** Finds out the naming scheme; every tensor must have a place or be known to take no part. */
export function canonicalise(
  stored: StateDict,
  options: SchemeOptions,
): { readonly weights: VitWeights; readonly scheme: Scheme } {
  const tensors = withoutWrapper(stored);
  if (tensors.has('embeddings.cls_token')) {
    const taker = new TensorTaker(tensors, options.where);
    const weights = fromHuggingface(taker, options);
    taker.finish(HUGGINGFACE_IGNORED);
    return { weights, scheme: 'huggingface' };
  }
  const chunked = [...tensors.keys()].some((name) => /^blocks\.\d+\.\d+\./.test(name));
  if (tensors.has('register_tokens') || chunked) {
    return { weights: fromFacebookresearch(tensors, TIMM_IGNORED, options), scheme: 'facebookresearch' };
  }
  if (tensors.has('cls_token')) {
    const taker = new TensorTaker(tensors, options.where);
    const weights = fromTimm(taker, options);
    taker.finish(TIMM_IGNORED);
    return { weights, scheme: 'timm' };
  }
  throw new AlibiError('UnsupportedFormat', {
    what: `none of the three naming schemes fits its ${tensors.size} tensors, first ${[...tensors.keys()][0] ?? 'none'}`,
    where: options.where,
    remedy:
      'Give a vision transformer under the names of timm, facebookresearch or Hugging Face (Dinov2Model).',
  });
}

/**
 * Strips what wraps a backbone: `module.` (data parallel), `backbone.`, `dinov2.` and the like, where a CLS token
 * stands under it. Tensors beside that prefix (projection heads) are no part of the backbone.
 */
function withoutWrapper(tensors: StateDict): StateDict {
  for (const name of tensors.keys()) {
    const [, prefix] =
      /^((?:module\.|backbone\.|teacher\.|model\.|encoder\.|dinov2\w*\.)+)(?:embeddings\.)?cls_token$/.exec(
        name,
      ) ?? [];
    if (prefix === undefined) continue;
    return new Map(
      [...tensors]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, tensor]) => [key.slice(prefix.length), tensor]),
    );
  }
  return tensors;
}
