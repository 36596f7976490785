import { AlibiError } from 'alibi-zarr/checkpoint';
import type { ByteSource } from './byte-source.ts';
import { TensorTaker } from './canonical.ts';
import { fromFacebookresearch } from './facebookresearch.ts';
import { fromHuggingface, HUGGINGFACE_IGNORED } from './huggingface.ts';
import { DINOV3_IGNORED, fromHuggingfaceDinov3 } from './huggingface-dinov3.ts';
import { readPth } from './pth.ts';
import { readSafetensors } from './safetensors.ts';
import { fromTimm, type SchemeOptions, TIMM_IGNORED } from './timm.ts';
import type { StateDict, VitWeights } from './vit-weights.ts';

export type Scheme = 'timm' | 'facebookresearch' | 'huggingface';

/** Tells the container by its first bytes, not by its name. */
export async function readTensors(source: ByteSource): Promise<StateDict> {
  return (await isSafetensors(source)) ? readSafetensors(source) : readPth(source);
}

export async function isSafetensors(source: ByteSource): Promise<boolean> {
  const start = await source.read(0, Math.min(9, source.size));
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  return !isZip && start[8] === 0x7b;
}

export interface CanonicalWeights {
  readonly weights: VitWeights;
  readonly scheme: Scheme;
  /** What the architecture's authors use, where no config says otherwise: DINOv3 1e-5, all others 1e-6. */
  readonly layerNormEps: number;
}

/** Finds out the naming scheme; every tensor must have a place or be known to take no part. */
export function canonicalise(stored: StateDict, options: SchemeOptions): CanonicalWeights {
  const tensors = withoutWrapper(stored);
  return { ...bySchemeOf(tensors, options), layerNormEps: isDinov3(tensors) ? 1e-5 : 1e-6 };
}

/** By what DINOv3 alone has: Hugging Face's, facebookresearch's, and timm's names (timm's others of that kind have `pos_embed`). */
function isDinov3(tensors: StateDict): boolean {
  return (
    tensors.has('embeddings.patch_embeddings.weight') ||
    tensors.has('storage_tokens') ||
    (tensors.has('reg_token') && tensors.has('blocks.0.gamma_1') && !tensors.has('pos_embed'))
  );
}

function bySchemeOf(tensors: StateDict, options: SchemeOptions): Omit<CanonicalWeights, 'layerNormEps'> {
  if (tensors.has('embeddings.patch_embeddings.weight')) {
    const taker = new TensorTaker(tensors, options.where);
    const weights = fromHuggingfaceDinov3(taker);
    taker.finish(DINOV3_IGNORED);
    return { weights, scheme: 'huggingface' };
  }
  if (tensors.has('embeddings.cls_token')) {
    const taker = new TensorTaker(tensors, options.where);
    const weights = fromHuggingface(taker, options);
    taker.finish(HUGGINGFACE_IGNORED);
    return { weights, scheme: 'huggingface' };
  }
  const chunked = [...tensors.keys()].some((name) => /^blocks\.\d+\.\d+\./.test(name));
  if (tensors.has('register_tokens') || tensors.has('storage_tokens') || chunked) {
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
      'Give a vision transformer under the names of timm, facebookresearch or Hugging Face (Dinov2Model, DINOv3ViTModel).',
  });
}

/**
 * Strips what wraps a backbone: `module.` (data parallel), `backbone.`, `dinov2.` and the like, where a CLS token
 * stands under it. Tensors beside that prefix (projection heads) are no part of the backbone.
 */
function withoutWrapper(tensors: StateDict): StateDict {
  for (const name of tensors.keys()) {
    const [, prefix] =
      /^((?:module\.|backbone\.|teacher\.|model\.|encoder\.|dinov[23]\w*\.)+)(?:embeddings\.)?cls_token$/.exec(
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
