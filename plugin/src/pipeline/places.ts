import { cached } from '../array/cached.ts';
import type { ChunkCache } from '../array/chunk-cache.ts';
import type { DataType, LazyArray, LazyPyramid } from '../array/lazy-array.ts';
import { readPlaneReflected } from '../array/plane.ts';
import { shared } from '../array/shared.ts';
import type { Encoder, Normalisation } from '../encoder/encoder.ts';
import { normalisePlane } from '../encoder/normalise.ts';
import { type TokensArray, type TokensOptions, tokensArray } from '../encoder/tokens.ts';
import { AlibiError } from '../errors.ts';
import { resampled } from '../raster/resampled.ts';
import type { Place } from '../segment/match-pixel-size.ts';
import type { FeatureInput } from '../segment/types.ts';
import { concatenate } from './concatenate.ts';

/** Enlarged pixels kept: neighbouring windows read the same chunks. */
const resampledBytes = 64 * 2 ** 20;

export interface PlacesParts extends Pick<TokensOptions, 'normalisation' | 'manifest'> {
  readonly pixels: LazyPyramid;
  readonly encoder: Encoder;
  readonly windowCache: ChunkCache;
  readonly blendCache: ChunkCache;
  /** Tokens of the levels as they are. */
  readonly levels: readonly TokensArray[];
}

/** Pixels and tokens of an image at any size of pixel: made when asked for, once. */
export interface Places {
  pixels(place: Place): LazyArray;
  /** Tokens of a place enlarged once more by `scale`. */
  tokens(place: Place, scale: number): TokensArray;
  /** What pixel features of a place are computed from; `hurry` wraps the tokens. */
  features(place: Place, hurry?: <T extends DataType>(lazy: LazyArray<T>) => LazyArray<T>): FeatureInput;
}

export function createPlaces(parts: PlacesParts): Places {
  const { pixels, normalisation, encoder, manifest, windowCache, blendCache, levels } = parts;
  const arrays = new Map<string, LazyArray>();
  const tokenArrays = new Map<string, TokensArray>();
  const blended = new Map<TokensArray, LazyArray<'float32'>>();

  const pixelsAt = ({ level, factor }: Place): LazyArray => {
    const stored = pixels[level];
    if (stored === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `level ${level} of ${pixels.length}`,
        where: 'pixel features',
        remedy: `Choose among the levels 0 to ${pixels.length - 1}.`,
      });
    }
    if (factor === undefined || (factor.y === 1 && factor.x === 1)) return stored;
    return remember(arrays, keyOf({ level, factor }), () =>
      cached(shared(resampled(stored, factor)), { byteLimit: resampledBytes }),
    );
  };
  const tokensAt = ({ level, factor = { y: 1, x: 1 } }: Place, scale: number): TokensArray => {
    const enlarged = { level, factor: { y: factor.y * scale, x: factor.x * scale } };
    if (enlarged.factor.y === 1 && enlarged.factor.x === 1 && levels[level] !== undefined)
      return levels[level];
    return remember(tokenArrays, keyOf(enlarged), () =>
      tokensArray({ level: pixelsAt(enlarged), normalisation, encoder, manifest, cache: windowCache }),
    );
  };
  return {
    pixels: pixelsAt,
    tokens: tokensAt,
    features(place, hurry = (lazy) => lazy) {
      const array = pixelsAt(place);
      const tokens = (scale: number): LazyArray<'float32'> => {
        const raw = tokensAt(place, scale);
        return hurry(remember(blended, raw, (): LazyArray<'float32'> => cached(raw, { cache: blendCache })));
      };
      return { tokens, patchPx: encoder.patchPx, pixels: array, readPlanes: readPlanes(array) };
    },
  };
}

function readPlanes(array: LazyArray): FeatureInput['readPlanes'] {
  return async (region, { channels, black, white }: Normalisation, request) => {
    const planes = await Promise.all(
      channels.map(async (c, i) => {
        const plane = await readPlaneReflected(array, { t: region.t, z: region.z, c }, region, request);
        return normalisePlane(plane.data, black[i]!, white[i]!);
      }),
    );
    return planes.length === 1 ? planes[0]! : concatenate(planes);
  };
}

function keyOf({ level, factor }: Place): string {
  return `${level}:${factor?.y ?? 1}:${factor?.x ?? 1}`;
}

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
