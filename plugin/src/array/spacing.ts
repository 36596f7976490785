import { axisIndex, type LazyArray } from './lazy-array.ts';
import { micrometersPer } from './length-unit.ts';

/** Size of an element along z, y, x in one unit. */
export interface Spacing {
  readonly zyx: readonly [z: number, y: number, x: number];
  /** Factor from an array's own scale to `zyx`'s unit, along z, y, x. */
  readonly factors: readonly [z: number, y: number, x: number];
  /** UDUNITS name; absent where the axes state none, or units that do not go together. */
  readonly unit?: string;
}

/**
 * The spacing of an array along z, y and x: in the unit all of these axes state, in micrometres where they state different
 * lengths, else the bare scales, without a unit. A missing axis has the spacing 1 and states nothing.
 */
export function spacingOf({ axes, transform }: Pick<LazyArray, 'axes' | 'transform'>): Spacing {
  const spatial = ['z', 'y', 'x'].map((name) => axisIndex(axes, name));
  const units = [...new Set(spatial.filter((axis) => axis !== -1).map((axis) => axes[axis]?.unit))];
  const known = units.map(micrometersPer);
  const mixed = units.length > 1 && known.every((factor) => factor !== undefined);
  const unit = mixed ? 'micrometer' : units.length === 1 ? units[0] : undefined;
  const factor = (axis: number): number => (mixed ? (micrometersPer(axes[axis]?.unit) ?? 1) : 1);
  const [z = -1, y = -1, x = -1] = spatial;
  const size = (axis: number): number => Math.abs(transform.scale[axis] ?? 1) * factor(axis);
  return {
    zyx: [size(z), size(y), size(x)],
    factors: [factor(z), factor(y), factor(x)],
    ...(unit === undefined ? {} : { unit }),
  };
}
