import type { LazyArray } from '../array/lazy-array.ts';
import { reflectIndex } from '../array/reflect.ts';
import { wrapped } from '../array/wrapped.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import { type GuidedFilterAxis, guidedCoefficients, guidedFilterAxis } from '../raster/guided-filter.ts';
import { latticeTaps } from './classical-features.ts';
import type { FeatureSource } from './feature-source.ts';
import { addPlane } from './pixel-features.ts';
import { readSliceRegion, sliceOfChunk } from './slice-region.ts';
import { meanOfChannels } from './token-features.ts';
import type { GuidedSmoothing, SliceRegion } from './types.ts';

/**
 * Probabilities smoothed within each slice along the edges of the image, beyond which both are reflected. None is below 0, and those of a
 * pixel sum to 1. A pixel's value does not depend on the chunks. Halo: twice 4 σ and two points of the filter's lattice.
 *
 * @param scores  float32 [t?, z?, y, x, c], chunks of one slice; each is read several times, so keep them
 * @param guide   what the encoder sees of the image: its mean over channels says where edges are
 */
export function guidedScores(
  scores: LazyArray<'float32'>,
  { readPlanes, heightPx, widthPx }: Pick<FeatureSource, 'readPlanes' | 'heightPx' | 'widthPx'>,
  guide: Normalisation,
  smoothing: GuidedSmoothing,
): LazyArray<'float32'> {
  const classes = scores.shape.at(-1)!;
  return wrapped(scores, async (index, options) => {
    const region = sliceOfChunk(scores, index);
    const y = guidedFilterAxis(region.y0, region.y1, smoothing.sigmaPx);
    const x = guidedFilterAxis(region.x0, region.x1, smoothing.sigmaPx);
    const wide = { ...region, y0: y.start, y1: y.stop, x0: x.start, x1: x.stop };
    const rows = reflected(y, heightPx);
    const cols = reflected(x, widthPx);
    const inside = { ...region, y0: rows.least, y1: rows.most + 1, x0: cols.least, x1: cols.most + 1 };
    const [values, planes] = await Promise.all([
      readSliceRegion(scores, inside, options),
      readPlanes(wide, guide, options),
    ]);
    options.signal?.throwIfAborted();
    const size = { height: y.stop - y.start, width: x.stop - x.start };
    const piece = {
      data: meanOfChannels(planes, guide.channels.length),
      ...{ y0: y.start, x0: x.start },
      ...size,
    };
    const width = inside.x1 - inside.x0;
    const planeOf = (k: number): Float32Array => {
      const plane = new Float32Array(size.height * size.width);
      let i = 0;
      for (const row of rows.positions) {
        const base = (row - inside.y0) * width - inside.x0;
        for (const col of cols.positions) plane[i++] = values[(base + col) * classes + k]!;
      }
      return plane;
    };
    const coefficients = guidedCoefficients(
      piece,
      Array.from({ length: classes }, (_, k) => planeOf(k)),
      { y, x },
      smoothing,
    );
    const data = applied(coefficients, piece, region, { y, x });
    return {
      data,
      shape: [...index.slice(0, -3).map(() => 1), region.y1 - region.y0, region.x1 - region.x0, classes],
    };
  });
}

/** Positions within the image that stand for those of an axis, and the range they span. */
function reflected({ start, stop }: GuidedFilterAxis, sizePx: number) {
  const positions = Int32Array.from({ length: stop - start }, (_, i) => reflectIndex(start + i, sizePx));
  return {
    positions,
    least: positions.reduce((least, at) => Math.min(least, at), sizePx - 1),
    most: positions.reduce((most, at) => Math.max(most, at), 0),
  };
}

/** `slope · guide + offset` at every pixel of the region, float32 [pixels, classes]. */
function applied(
  coefficients: ReturnType<typeof guidedCoefficients>,
  guide: Parameters<typeof guidedCoefficients>[0],
  { y0, y1, x0, x1 }: SliceRegion,
  { y, x }: { readonly y: GuidedFilterAxis; readonly x: GuidedFilterAxis },
): Float32Array {
  const taps = {
    cols: x.inner.count,
    rowTaps: latticeTaps(y.inner, y0, y1),
    colTaps: latticeTaps(x.inner, x0, x1),
    isDense: y.inner.stride === 1,
  };
  const width = x1 - x0;
  const pixels = (y1 - y0) * width;
  const classes = coefficients.length;
  const out = new Float32Array(pixels * classes);
  coefficients.forEach(({ slope, offset }, k) => {
    const slopes = new Float32Array(pixels);
    addPlane(taps, slope, width, { out: slopes, step: 1, offset: 0 });
    addPlane(taps, offset, width, { out, step: classes, offset: k });
    for (let i = 0; i < pixels; i++) {
      const row = Math.floor(i / width);
      const seen = guide.data[(row + y0 - guide.y0) * guide.width + i - row * width + x0 - guide.x0]!;
      out[i * classes + k] = Math.max(0, out[i * classes + k]! + slopes[i]! * seen);
    }
  });
  for (let base = 0; base < out.length; base += classes) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += out[base + k]!;
    for (let k = 0; k < classes; k++) out[base + k] = out[base + k]! / sum;
  }
  return out;
}
