import type { Spacing } from '../../array/spacing.ts';
import { convexPixelCount } from '../../raster/convex-hull.ts';
import { perimeterOf } from '../../raster/perimeter.ts';
import type { Column, TableBatch } from './columns.ts';
import type { Gathered } from './measure.ts';
import { planeShape, volumeShape } from './moments.ts';

export interface RowContext {
  readonly dims: 2 | 3;
  readonly columns: readonly Column[];
  readonly channels: readonly { readonly index: number }[];
  readonly spacing: Spacing;
  /** Position of the first element's centre along z, y, x, before {@link Spacing.factors}. */
  readonly translation: readonly [number, number, number];
  readonly t: number;
  readonly z: number;
}

/** The rows of some objects. */
export function objectRows(
  gathered: Gathered,
  objects: readonly { readonly id: number | bigint; readonly object: number }[],
  context: RowContext,
): TableBatch {
  const columns = context.columns.map(({ type }) => new Float64Array(type === 'id' ? 0 : objects.length));
  objects.forEach(({ object }, row) => {
    const values = valuesOf(gathered, object, context);
    context.columns.forEach(({ name, type }, n) => {
      if (type !== 'id') columns[n]![row] = values[name] ?? Number.NaN;
    });
  });
  return { ids: objects.map(({ id }) => id), columns };
}

type Values = Record<string, number>;

function valuesOf({ sums, hulls }: Gathered, object: number, context: RowContext): Values {
  const { dims, spacing, translation } = context;
  const [dz, dy, dx] = spacing.zyx;
  const count = sums.count(object);
  const size = count * dy * dx * (dims === 3 ? dz : 1);
  const { start, stop } = sums.box(object);
  const box = start.map((begin, axis) => stop[axis]! - begin);
  const covariance = sums.covariance(object, spacing.zyx);
  const values: Values = {
    t: context.t,
    z: context.z,
    [dims === 3 ? 'volume' : 'area']: size,
    num_pixels: count,
    extent: count / (box[0]! * box[1]! * box[2]!),
    equivalent_diameter_area: ((2 * dims * size) / Math.PI) ** (1 / dims),
  };
  for (const [axis, name] of (['z', 'y', 'x'] as const).entries()) {
    const centre = sums.centroid(object)[axis]!;
    values[`centroid_${name}`] = centre * spacing.zyx[axis]! + translation[axis]! * spacing.factors[axis]!;
    values[`bbox_${name}0`] = start[axis]!;
    values[`bbox_${name}1`] = stop[axis]!;
  }
  if (dims === 3) {
    const { axisMajorLength, axisMinorLength } = volumeShape(covariance);
    Object.assign(values, { axis_major_length: axisMajorLength, axis_minor_length: axisMinorLength });
  } else {
    const { axisMajorLength, axisMinorLength, eccentricity, orientation } = planeShape(covariance);
    const isSquare = Math.abs(dy - dx) <= 1e-9 * dx;
    Object.assign(values, {
      axis_major_length: axisMajorLength,
      axis_minor_length: axisMinorLength,
      eccentricity,
      orientation,
      perimeter: isSquare ? perimeterOf(sums.borders(object)) * dy : Number.NaN,
      solidity: count / convexPixelCount(hulls.corners(object)),
    });
  }
  for (const [n, { index }] of context.channels.entries()) {
    const intensity = sums.intensity(object, n);
    for (const kind of ['mean', 'std', 'min', 'max'] as const) {
      values[`intensity_${kind}_c${index}`] = intensity[kind];
    }
  }
  return values;
}
