import type { LazyArray, LazyPyramid, Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { openZarrArray, withGeometry, type ZarrArray } from '../stores/zarr-array.ts';
import { assertKnownAxes } from './axes.ts';
import type { ZarrGroup } from './group.ts';
import { childPath, type ReadOptions } from './metadata-file.ts';
import type { Dataset, Multiscales } from './multiscales.ts';
import type { OmeLevel } from './ome-image.ts';

export interface OpenedLevels {
  /** Finest first; the two lists run in parallel. */
  readonly levels: readonly OmeLevel[];
  readonly pixels: LazyPyramid;
}

/**
 * Open the arrays of a multiscale image: metadata only, no chunk.
 *
 * Levels are ordered by number of spatial elements, whatever order the file has them in; where a level
 * has no scale of its own (0.1 to 0.3 never do), the ratio of the finest shape to its own is its scale.
 *
 * @throws AlibiError NotFound      an array is missing
 * @throws AlibiError InvalidInput  an array's rank differs from the number of axes
 */
export async function openLevels(
  group: ZarrGroup,
  multiscales: Multiscales,
  options: ReadOptions = {},
): Promise<OpenedLevels> {
  const opened = await Promise.all(
    multiscales.datasets.map(async (dataset) => {
      const array = await openZarrArray(group.store, childPath(group.path, dataset.path), {
        ...options,
        location: group.location,
        zarrFormat: group.zarrFormat,
      });
      assertFits(array, dataset, multiscales, group);
      return { dataset, array };
    }),
  );
  const space = multiscales.axes.map((axis) => ['z', 'y', 'x'].includes(axis.name));
  const size = (array: ZarrArray): number => array.shape.reduce((n, v, i) => (space[i] ? n * v : n), 1);
  opened.sort((a, b) => size(b.array) - size(a.array));
  const finest = opened[0]!.array.shape;
  const levels: OmeLevel[] = [];
  const pixels: LazyArray[] = [];
  for (const { dataset, array } of opened) {
    const transform = dataset.scaled
      ? dataset.transform
      : scaledByShape(dataset.transform, finest, array.shape);
    levels.push({
      path: dataset.path,
      shape: array.shape,
      chunks: array.chunks,
      dtype: array.dtype,
      transform,
      ...(array.shards === undefined ? {} : { shards: array.shards }),
    });
    pixels.push(withGeometry(array.lazy, { axes: multiscales.axes, transform }));
  }
  return { levels, pixels };
}

function assertFits(array: ZarrArray, dataset: Dataset, multiscales: Multiscales, group: ZarrGroup): void {
  const { axes } = multiscales;
  if (array.shape.length !== axes.length) {
    throw new AlibiError('InvalidInput', {
      what: `multiscales[0] has ${axes.length} axes (${axes.map((axis) => axis.name).join(', ')}), but the array "${dataset.path}" has ${array.shape.length} dimensions`,
      where: group.where,
      remedy: 'Correct the axes or the dataset paths.',
    });
  }
  if (array.shape.some((v) => v < 1)) {
    throw new AlibiError('InvalidInput', {
      what: `the array "${dataset.path}" is empty (shape ${array.shape.join(' × ')})`,
      where: group.where,
      remedy: 'Write the image again; every axis needs at least one position.',
    });
  }
  assertKnownAxes(axes, array.shape, `${group.location}${childPath(group.path, dataset.path)}`);
}

function scaledByShape(
  { scale, translation }: Transform,
  finest: readonly number[],
  shape: readonly number[],
): Transform {
  return { scale: scale.map((v, i) => (v * finest[i]!) / shape[i]!), translation };
}
