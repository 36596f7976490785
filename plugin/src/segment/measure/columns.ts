/** One column of a table of objects. */
export interface Column {
  readonly name: string;
  /** Such as `micrometer^2`, `pixel`; `''` for a bare number; null where the image states no unit of length. */
  readonly unit: string | null;
  /** Whole numbers are exact. */
  readonly type: 'id' | 'integer' | 'number';
  readonly description: string;
  /** Name of the channel an intensity is of. */
  readonly channel?: string;
}

export interface TableShape {
  readonly dims: 2 | 3;
  /** Whether objects lie in one time point, or one slice, of several. */
  readonly hasTime: boolean;
  readonly hasSlices: boolean;
  readonly unit: string | undefined;
  readonly channels: readonly { readonly index: number; readonly label: string }[];
}

/**
 * The columns of a table of objects. Named, and defined, as the properties of `skimage.measure.regionprops`, with the axis or
 * the channel appended; lengths are physical except where the unit is `pixel`.
 */
export function tableColumns(shape: TableShape): Column[] {
  const { dims, unit } = shape;
  const axes = dims === 3 ? ['z', 'y', 'x'] : ['y', 'x'];
  const power = (exponent: number) =>
    unit === undefined ? null : exponent === 1 ? unit : `${unit}^${exponent}`;
  const size = dims === 3 ? 'volume' : 'area';
  const integer = (name: string, in_: string | null, description: string): Column => ({
    name,
    unit: in_,
    type: 'integer',
    description,
  });
  const number = (name: string, in_: string | null, description: string): Column => ({
    name,
    unit: in_,
    type: 'number',
    description,
  });
  return [
    { name: 'label', unit: '', type: 'id', description: 'id of the object in the label image' },
    ...(shape.hasTime ? [integer('t', '', 'time point, from 0')] : []),
    ...(shape.hasSlices ? [integer('z', '', 'slice, from 0')] : []),
    number(size, power(dims), `${size} of the object`),
    integer('num_pixels', 'pixel', 'number of its elements'),
    ...axes.map((axis) =>
      number(`centroid_${axis}`, power(1), `${axis} of the centroid, in the image's own space`),
    ),
    ...axes.map((axis) => integer(`bbox_${axis}0`, 'pixel', `first element along ${axis}`)),
    ...axes.map((axis) => integer(`bbox_${axis}1`, 'pixel', `element after the last along ${axis}`)),
    number('extent', '', 'share of the bounding box that the object fills'),
    number(
      'equivalent_diameter_area',
      power(1),
      `diameter of a ${dims === 3 ? 'ball' : 'disc'} of the same ${size}`,
    ),
    number('axis_major_length', power(1), 'longest axis of the ellipse of the same second moments'),
    number('axis_minor_length', power(1), 'shortest axis of the ellipse of the same second moments'),
    ...(dims === 2 ? planeColumns(power(1), number) : []),
    ...shape.channels.flatMap(({ index, label }) => intensityColumns(index, label)),
  ];
}

function planeColumns(
  length: string | null,
  number: (name: string, unit: string | null, description: string) => Column,
): Column[] {
  return [
    number('eccentricity', '', 'of that ellipse: 0 a circle, towards 1 a line'),
    number('orientation', 'radian', 'from the y axis to the major axis, -pi/2 to pi/2'),
    number('perimeter', length, 'length of the border; empty where pixels are not square'),
    number('solidity', '', 'share of the convex hull that the object fills'),
  ];
}

function intensityColumns(index: number, channel: string): Column[] {
  const kinds = { mean: 'mean', std: 'standard deviation', min: 'least', max: 'greatest' };
  return Object.entries(kinds).map(([kind, words]) => ({
    name: `intensity_${kind}_c${index}`,
    unit: '',
    type: 'number',
    description: `${words} of the values of channel ${index} in the object`,
    channel,
  }));
}

/** Rows of a table, by column. */
export interface TableBatch {
  /** The column `label`. */
  readonly ids: readonly (number | bigint)[];
  /** All columns, in their order; that of `label` is empty. NaN where there is no value. */
  readonly columns: readonly Float64Array[];
}
