import { cached } from '../array/cached.ts';
import { createChunkCache } from '../array/chunk-cache.ts';
import { shared } from '../array/shared.ts';
import type { OmeImage } from '../ome/ome-image.ts';

/** Decoded chunks kept for all readers of an image: the view, the encoder, the classifier. */
const imageCacheBytes = 256 * 2 ** 20;

/** The image with its pixels read once for all who ask, and kept in one bounded cache. */
export function withImageCache(image: OmeImage): OmeImage {
  const cache = createChunkCache({ byteLimit: imageCacheBytes });
  return { ...image, pixels: image.pixels.map((level) => cached(shared(level), { cache })) };
}
