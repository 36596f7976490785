import { gaussianRadiusPx } from './gaussian.ts';
import { gaussianAt, type LatticeAxis, latticeAxis, latticeReach, type Piece, strideOf } from './lattice.ts';

/** The points of one axis that a guided filter computes at, and the pixels it reads for them. */
export interface GuidedFilterAxis {
  /** Points that the pixels asked for lie between. */
  readonly inner: LatticeAxis;
  /** Points that those are averaged from. */
  readonly outer: LatticeAxis;
  /** Half-open range of pixels. */
  readonly start: number;
  readonly stop: number;
}

/** @param from, to  half-open range of the pixels asked for */
export function guidedFilterAxis(from: number, to: number, sigmaPx: number): GuidedFilterAxis {
  const stride = strideOf(sigmaPx);
  const outer = latticeAxis(from, to, stride, gaussianRadiusPx(sigmaPx / stride));
  return { inner: latticeAxis(from, to, stride, 0), outer, ...latticeReach(outer, sigmaPx) };
}

/**
 * Guided filter with Gaussian windows: around each point the values as an affine function of the guide, `slope · guide +
 * offset`, averaged over the windows that hold a pixel. Where the guide has an edge that the values share, the result has it, sharp;
 * elsewhere it is their mean. Computed at the points of a lattice anchored at pixel (0, 0), so pieces agree to the bit.
 *
 * Source: He, Sun, Tang, "Guided image filtering", 2013; He, Sun, "Fast guided filter", 2015 (the lattice).
 *
 * @param guide    covers `start` to `stop` of both axes
 * @param values   float32, as long as the guide's data
 * @param epsilon  variance of the guide below which there is no edge
 * @returns        slope and offset, float32 [inner points along y, along x] each; the caller owns the buffers
 */
export function guidedCoefficients(
  guide: Piece,
  values: readonly Float32Array[],
  { y, x }: { readonly y: GuidedFilterAxis; readonly x: GuidedFilterAxis },
  { sigmaPx, epsilon }: { readonly sigmaPx: number; readonly epsilon: number },
): { readonly slope: Float32Array; readonly offset: Float32Array }[] {
  const outer = { y: y.outer, x: x.outer };
  const smooth = (data: Float32Array) => gaussianAt({ ...guide, data }, outer, { y: sigmaPx, x: sigmaPx });
  const timesGuide = (data: Float32Array) => data.map((value, i) => value * guide.data[i]!);
  const again = sigmaPx / y.inner.stride;
  // The outer points as a plane of their own, on which the inner ones are every one.
  const averaged = (data: Float32Array) =>
    gaussianAt(
      { data, y0: y.outer.first, x0: x.outer.first, height: y.outer.count, width: x.outer.count },
      { y: { ...y.inner, stride: 1 }, x: { ...x.inner, stride: 1 } },
      { y: again, x: again },
    );
  const mean = smooth(guide.data);
  const square = smooth(timesGuide(guide.data));
  return values.map((data) => {
    const value = smooth(data);
    const product = smooth(timesGuide(data));
    const slope = value.map((own, i) => {
      const variance = Math.max(0, square[i]! - mean[i]! ** 2);
      return (product[i]! - own * mean[i]!) / (variance + epsilon);
    });
    const offset = value.map((own, i) => own - slope[i]! * mean[i]!);
    return { slope: averaged(slope), offset: averaged(offset) };
  });
}
