import type { Axis } from '../array/lazy-array.ts';
import { openZarrArray, type ZarrArray } from '../stores/zarr-array.ts';
import { readNode, type ZarrGroup } from './group.ts';
import { readLabelRefs } from './labels-listing.ts';
import { childPath, describe, isObject, keyPrefix, own } from './metadata-file.ts';
import { type Multiscales, parseMultiscales } from './multiscales.ts';
import { fileOf, resolvePath, type StoreCheck } from './store-check.ts';

type CheckChild = (path: string, kind: string, check: StoreCheck) => Promise<ZarrGroup | undefined>;

/** An image or a label image: its arrays, and the labels it lists. */
export async function checkImage(group: ZarrGroup, check: StoreCheck, checkChild: CheckChild): Promise<void> {
  const multiscales = parseMultiscales(group);
  const file = fileOf(group);
  const problem = (field: string, what: string, remedy: string): void =>
    check.report({ file, field, what, remedy });
  checkAxes(multiscales, problem);
  checkScales(multiscales, problem);
  const arrays = await Promise.all(
    multiscales.datasets.map(({ path }) =>
      openZarrArray(group.store, childPath(group.path, path), {
        ...check.options,
        location: group.location,
        zarrFormat: group.zarrFormat,
      }),
    ),
  );
  arrays.forEach((array, i) => {
    checkArray(array, multiscales, i, check, problem);
  });
  checkOrder(arrays, problem);
  if (own(group.ome, 'image-label') !== undefined || isInLabels(group)) {
    await checkLabel(group, arrays, check, problem);
  }
  const labels = await readLabelRefs(group, check.options);
  for (const { path } of labels) await checkChild(path, 'multiscales', check);
}

type Report = (field: string, what: string, remedy: string) => void;

/** Since 0.4: time first, then channel or a custom axis, then space. */
function checkAxes({ axes, version }: Multiscales, problem: Report): void {
  if (version !== '0.4' && version !== '0.5') return;
  const rank = ({ type }: Axis): number => (type === 'time' ? 0 : type === 'space' ? 2 : 1);
  const ranks = axes.map(rank);
  const out = ranks.findIndex((value, i) => i > 0 && value < ranks[i - 1]!);
  if (out > 0 && axes.every(({ type }) => type !== undefined)) {
    problem(
      `multiscales[0].axes[${out}]`,
      `("${axes[out]!.name}") stands after "${axes[out - 1]!.name}"`,
      'Order the axes time, channel, space, and the arrays with them.',
    );
  }
}

function checkScales({ datasets }: Multiscales, problem: Report): void {
  datasets.forEach(({ transform }, i) => {
    const bad = transform.scale.findIndex((v) => !(v > 0));
    if (bad < 0) return;
    problem(
      `multiscales[0].datasets[${i}].coordinateTransformations`,
      `scales axis ${bad} by ${transform.scale[bad]}`,
      'Give a positive scale.',
    );
  });
}

function checkArray(
  array: ZarrArray,
  multiscales: Multiscales,
  index: number,
  check: StoreCheck,
  problem: Report,
): void {
  const { axes, datasets, version } = multiscales;
  const field = `multiscales[0].datasets[${index}]`;
  const path = datasets[index]!.path;
  if (array.shape.length !== axes.length) {
    problem(
      field,
      `("${path}") has ${array.shape.length} dimensions, but there are ${axes.length} axes`,
      'Correct the axes or the path.',
    );
    return;
  }
  if (version !== '0.5') return;
  const stored = array.dimensionNames;
  const wanted = multiscales.axes.map(({ name }) => name).join();
  if (stored === undefined ? check.strict : stored.join() !== wanted) {
    problem(
      field,
      `("${path}") has ${stored === undefined ? 'no dimension_names' : `dimension_names ${stored.join()}`}, the axes are ${wanted}`,
      'Give the array the names of the axes as dimension_names.',
    );
  }
}

function checkOrder(arrays: readonly ZarrArray[], problem: Report): void {
  for (let i = 1; i < arrays.length; i++) {
    const [finer, coarser] = [arrays[i - 1]!.shape, arrays[i]!.shape];
    if (finer.length !== coarser.length || coarser.every((size, axis) => size <= finer[axis]!)) continue;
    problem(
      `multiscales[0].datasets[${i}]`,
      `has shape ${coarser.join(' × ')}, larger than ${finer.join(' × ')} before it`,
      'List the datasets from the finest to the coarsest.',
    );
  }
}

function isInLabels(group: ZarrGroup): boolean {
  return keyPrefix(group.path).split('/').at(-2) === 'labels';
}

async function checkLabel(
  group: ZarrGroup,
  arrays: readonly ZarrArray[],
  check: StoreCheck,
  problem: Report,
): Promise<void> {
  arrays.forEach((array, i) => {
    if (!array.dtype.startsWith('float')) return;
    problem(`multiscales[0].datasets[${i}]`, `holds ${array.dtype}`, 'Write labels as integers.');
  });
  const label = own(group.ome, 'image-label');
  if (!isObject(label)) {
    if (check.strict)
      problem('image-label', `is ${describe(label)}`, 'Give an object with colors and source.');
    return;
  }
  const source = own(label, 'source');
  const stated = isObject(source) ? own(source, 'image') : undefined;
  const path = typeof stated === 'string' ? resolvePath(group.path, stated) : undefined;
  if (path === undefined) return;
  const node = await readNode({ ...check.at, path }, check.options);
  if (node?.kind === 'group' && own(node.group.ome, 'multiscales') !== undefined) return;
  problem(
    'image-label.source.image',
    `leads to ${path === '' ? 'the root' : path}, where no image is`,
    'Give the path from the label to its image, such as "../../".',
  );
}
