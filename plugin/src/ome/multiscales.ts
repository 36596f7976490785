import type { Axis, Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { parseAxes } from './axes.ts';
import type { ZarrGroup } from './group.ts';
import { describe, isObject, type JsonObject, own, safeRelativePath } from './metadata-file.ts';
import type { OmeVersion } from './ome-image.ts';
import {
  asAxisTransform,
  compose,
  identityPlacement,
  type Placement,
  type PlacementContext,
  parseTransformations,
} from './placement.ts';
import { groupVersion } from './version.ts';

/** One level as the metadata gives it; the shape is the array's to say. */
export interface Dataset {
  readonly path: string;
  readonly transform: Transform;
  /** False where the metadata gives this level no scale (0.1 to 0.3 never do): then the shapes add it. */
  readonly scaled: boolean;
}

export interface Multiscales {
  readonly name?: string;
  readonly version: OmeVersion;
  /** In the order of the arrays' dimensions. */
  readonly axes: readonly Axis[];
  readonly datasets: readonly Dataset[];
}

/**
 * The first entry of a group's `multiscales`.
 *
 * Transformations of a dataset are applied first, those of the whole image after them. In 0.6 the image lies in
 * the coordinate system its datasets lead to; transformations from there into further systems (a stage, an
 * atlas) place the image among others and are left alone. A 0.6 transformation that only scales, shifts and
 * exchanges axes opens, the axes renamed in the order of the array; one that rotates or shears is refused.
 *
 * @throws AlibiError  naming the file, the field and the remedy
 */
export function parseMultiscales(group: ZarrGroup): Multiscales {
  const list = own(group.ome, 'multiscales');
  const [entry]: unknown[] = Array.isArray(list) ? list : [];
  if (!isObject(entry)) {
    throw new AlibiError('InvalidInput', {
      what: `multiscales is ${describe(list)}${Array.isArray(list) && list.length > 0 ? ` whose first is ${describe(entry)}` : ''}`,
      where: group.where,
      remedy: 'Give a list with one object that has axes and datasets.',
    });
  }
  const holders = [
    ['multiscales[0]', entry],
    ['', group.ome],
  ] as const;
  const version = groupVersion(group, group.zarrFormat === 2 ? holders : [...holders].reverse());
  const name = own(entry, 'name');
  const layout = version === '0.6' ? parseSystems(entry, group) : parseClassic(entry, version, group);
  return { version, ...layout, ...(typeof name === 'string' && name !== '' ? { name } : {}) };
}

type Layout = Pick<Multiscales, 'axes' | 'datasets'>;

function parseClassic(entry: JsonObject, version: OmeVersion, group: ZarrGroup): Layout {
  const axes = parseAxes(own(entry, 'axes'), version, group.where, 'multiscales[0].axes');
  const context = { rank: axes.length, where: group.where };
  const shared = own(entry, 'coordinateTransformations');
  const after =
    shared === undefined
      ? identityPlacement(axes.length)
      : parseTransformations(withoutPlacements(shared), {
          ...context,
          field: 'multiscales[0].coordinateTransformations',
        });
  const datasets = parseDatasets(entry, group, (item, field) => {
    const list = own(item, 'coordinateTransformations') ?? [];
    const placement = compose(parseTransformations(list, { ...context, field }), after);
    return {
      transform: asTransform(placement, { ...context, field }, axes),
      scaled:
        Array.isArray(list) && list.some((one: unknown) => isObject(one) && own(one, 'type') === 'scale'),
    };
  });
  return { axes, datasets };
}

/** SpatialData writes 0.6 transformations into 0.4 and 0.5: those that name an output place the image elsewhere. */
function withoutPlacements(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.filter((item: unknown) => !isObject(item) || own(item, 'output') === undefined);
}

/** Without 0.6 coordinate systems axes cannot change places. */
function asTransform(placement: Placement, context: PlacementContext, axes: readonly Axis[]): Transform {
  const { order, transform } = asAxisTransform(placement, context);
  if (order.every((row, i) => row === i)) return transform;
  throw new AlibiError('UnsupportedFormat', {
    what: `${context.field} exchanges axes (${axes.map((axis) => axis.name).join(', ')})`,
    where: context.where,
    remedy: 'Give only scale and translation.',
  });
}

function missingTransformations(group: ZarrGroup, field: string): never {
  throw new AlibiError('InvalidInput', {
    what: `${field} is missing`,
    where: group.where,
    remedy: 'Give a list with one scale, which has one number for each axis.',
  });
}

function parseSystems(entry: JsonObject, group: ZarrGroup): Layout {
  const systems = own(entry, 'coordinateSystems');
  const parsed = (Array.isArray(systems) ? systems : []).flatMap((system: unknown, i) =>
    isObject(system)
      ? [
          {
            name: own(system, 'name'),
            axes: parseAxes(
              own(system, 'axes'),
              '0.6',
              group.where,
              `multiscales[0].coordinateSystems[${i}].axes`,
            ),
          },
        ]
      : [],
  );
  const [first] = parsed;
  if (first === undefined) {
    throw new AlibiError('InvalidInput', {
      what: `multiscales[0].coordinateSystems is ${describe(systems)}`,
      where: group.where,
      remedy: 'Give a list with at least one system that has a name and axes.',
    });
  }
  const orders: string[] = [];
  const outputs: unknown[] = [];
  let axes: readonly Axis[] = first.axes;
  const datasets = parseDatasets(entry, group, (item, field) => {
    const list = own(item, 'coordinateTransformations');
    if (!Array.isArray(list) || list.length === 0) return missingTransformations(group, field);
    const output = outputName(list[list.length - 1]);
    const system = parsed.find(({ name }) => name === output) ?? (output === undefined ? first : undefined);
    if (system === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `${field} leads to ${describe(output)}, which multiscales[0].coordinateSystems does not list`,
        where: group.where,
        remedy: 'Name one of the listed coordinate systems as output.',
      });
    }
    const context = { rank: system.axes.length, where: group.where, field };
    const { order, transform } = asAxisTransform(parseTransformations(list, context), context);
    orders.push(order.join());
    outputs.push(system);
    axes = order.map((row) => system.axes[row]!);
    return { transform, scaled: true };
  });
  if (new Set(orders).size > 1 || new Set(outputs).size > 1) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'multiscales[0].datasets lie in different coordinate systems or axis orders',
      where: group.where,
      remedy: 'Lead all datasets to one coordinate system with the axes in one order.',
    });
  }
  return { axes, datasets };
}

/** 0.6 names a system by its name, later drafts by an object with a name. */
function outputName(transformation: unknown): unknown {
  if (!isObject(transformation)) return undefined;
  const output = own(transformation, 'output');
  return isObject(output) ? own(output, 'name') : output;
}

/** A size is below 2^53, so that halving it ends sooner; some writers take smaller steps. */
const datasetLimit = 100;

function parseDatasets(
  entry: JsonObject,
  group: ZarrGroup,
  read: (item: JsonObject, field: string) => Omit<Dataset, 'path'>,
): Dataset[] {
  const list = own(entry, 'datasets');
  if (!Array.isArray(list) || list.length === 0) {
    throw new AlibiError('InvalidInput', {
      what: `multiscales[0].datasets is ${describe(list)}`,
      where: group.where,
      remedy: 'List at least one dataset with its path.',
    });
  }
  if (list.length > datasetLimit) {
    throw new AlibiError('InvalidInput', {
      what: `multiscales[0].datasets has ${list.length} entries`,
      where: group.where,
      remedy: `Give each level once; halved from level to level no image has more than ${datasetLimit}.`,
    });
  }
  return list.map((item: unknown, i) => {
    const field = `multiscales[0].datasets[${i}]`;
    const stored = isObject(item) ? own(item, 'path') : undefined;
    const path = safeRelativePath(stored);
    if (!isObject(item) || path === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `${field}.path is ${describe(stored)}`,
        where: group.where,
        remedy:
          'Give the path of an array below this group, such as "0"; it may not be absolute or hold "..".',
      });
    }
    return { path, ...read(item, `${field}.coordinateTransformations`) };
  });
}
