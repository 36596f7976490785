import type { Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { describe, isObject, own } from './metadata-file.ts';

/**
 * An affine placement of an array in a coordinate system: out = matrix · in + offset, kept as a full matrix
 * until it is known whether it only scales, shifts and renames axes.
 */
export interface Placement {
  /** Row-major [rank][rank]. */
  readonly matrix: readonly (readonly number[])[];
  readonly offset: readonly number[];
}

export interface PlacementContext {
  readonly rank: number;
  /** File and field, for messages. */
  readonly where: string;
  readonly field: string;
}

export function identityPlacement(rank: number): Placement {
  return {
    matrix: Array.from({ length: rank }, (_, row) =>
      Array.from({ length: rank }, (_, col) => (row === col ? 1 : 0)),
    ),
    offset: new Array<number>(rank).fill(0),
  };
}

/** First `a`, then `b`. */
export function compose(a: Placement, b: Placement): Placement {
  return {
    matrix: b.matrix.map((row) =>
      row.map((_, col) => row.reduce((sum, v, k) => sum + v * a.matrix[k]![col]!, 0)),
    ),
    offset: b.matrix.map((row, i) => row.reduce((sum, v, k) => sum + v * a.offset[k]!, b.offset[i]!)),
  };
}

/**
 * A list of `coordinateTransformations`, applied in the order of the list. Reads scale, translation,
 * identity, and of 0.6 also sequence, mapAxis, affine and rotation.
 *
 * @throws AlibiError InvalidInput       a transformation's numbers do not fit the axes
 * @throws AlibiError UnsupportedFormat  a transformation this reader does not know
 */
export function parseTransformations(value: unknown, context: PlacementContext): Placement {
  if (!Array.isArray(value))
    refuse(context, `is ${describe(value)}, not a list`, 'Give a list with one scale.');
  let placement = identityPlacement(context.rank);
  value.forEach((item: unknown, index: number) => {
    placement = compose(placement, parseOne(item, { ...context, field: `${context.field}[${index}]` }));
  });
  return placement;
}

function parseOne(value: unknown, context: PlacementContext): Placement {
  if (!isObject(value))
    refuse(context, `is ${describe(value)}, not an object`, 'Give an object with a type.');
  const type = own(value, 'type');
  const identity = identityPlacement(context.rank);
  const inField = (name: string): PlacementContext => ({ ...context, field: `${context.field}.${name}` });
  switch (type) {
    case 'identity':
      return identity;
    case 'scale': {
      const scale = vector(own(value, 'scale'), inField('scale'));
      return { ...identity, matrix: identity.matrix.map((row, i) => row.map((v) => v * scale[i]!)) };
    }
    case 'translation':
      return { ...identity, offset: vector(own(value, 'translation'), inField('translation')) };
    case 'sequence':
      return parseTransformations(own(value, 'transformations'), inField('transformations'));
    case 'mapAxis': {
      const map = vector(own(value, 'mapAxis'), inField('mapAxis'));
      if (
        new Set(map).size !== map.length ||
        map.some((v) => !Number.isInteger(v) || v < 0 || v >= context.rank)
      ) {
        refuse(inField('mapAxis'), 'does not name every axis once', 'Give each input axis exactly once.');
      }
      return { ...identity, matrix: map.map((from) => identity.matrix[from]!) };
    }
    case 'rotation':
      return { ...identity, matrix: rows(own(value, 'rotation'), context.rank, inField('rotation')) };
    case 'affine': {
      const table = rows(own(value, 'affine'), context.rank + 1, inField('affine'));
      return {
        matrix: table.map((row) => row.slice(0, context.rank)),
        offset: table.map((row) => row[context.rank]!),
      };
    }
    default:
      throw new AlibiError('UnsupportedFormat', {
        what: `${context.field}.type is ${describe(type)}`,
        where: context.where,
        remedy:
          'This reader knows scale, translation, identity, sequence, mapAxis, affine and rotation; resample the image onto one of these.',
      });
  }
}

function vector(value: unknown, context: PlacementContext): number[] {
  if (!Array.isArray(value) || value.length !== context.rank || !value.every((v) => Number.isFinite(v))) {
    refuse(context, `is ${describe(value)}, not ${context.rank} numbers`, 'Give one number for each axis.');
  }
  return value;
}

function rows(value: unknown, columns: number, context: PlacementContext): number[][] {
  const fits =
    Array.isArray(value) &&
    value.length === context.rank &&
    value.every(
      (row) => Array.isArray(row) && row.length === columns && row.every((v) => Number.isFinite(v)),
    );
  if (!fits) {
    refuse(context, `is not a ${context.rank} × ${columns} table of numbers`, 'Give one row for each axis.');
  }
  return value;
}

function refuse(context: PlacementContext, what: string, remedy: string): never {
  throw new AlibiError('InvalidInput', { what: `${context.field} ${what}`, where: context.where, remedy });
}

/**
 * A placement as scale and translation of the array's own axes.
 *
 * @returns `order[i]`: which axis of the coordinate system the array's axis i runs along; scale and
 *          translation by array axis
 * @throws AlibiError UnsupportedFormat  the placement rotates, shears or mirrors
 */
export function asAxisTransform(
  placement: Placement,
  context: PlacementContext,
): { readonly order: readonly number[]; readonly transform: Transform } {
  const order: number[] = [];
  for (let column = 0; column < context.rank; column++) {
    const hits = placement.matrix.flatMap((row, index) => (row[column] === 0 ? [] : [index]));
    const row = hits[0];
    if (hits.length !== 1 || row === undefined || order.includes(row)) {
      throw new AlibiError('UnsupportedFormat', {
        what: `${context.field} mixes axes (it rotates, shears or flattens)`,
        where: context.where,
        remedy:
          'Resample the image so that its axes run along the coordinate system, then only scale and translation are left.',
      });
    }
    if (placement.matrix[row]![column]! < 0) {
      throw new AlibiError('UnsupportedFormat', {
        what: `${context.field} mirrors axis ${row} (its scale is ${placement.matrix[row]![column]})`,
        where: context.where,
        remedy: 'Flip the pixels and give a positive scale.',
      });
    }
    order.push(row);
  }
  return {
    order,
    transform: {
      scale: order.map((row, column) => placement.matrix[row]![column]!),
      translation: order.map((row) => placement.offset[row]!),
    },
  };
}
