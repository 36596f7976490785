import { fitId } from '../../array/fit.ts';
import type { Json } from '../../array/json.ts';
import type { LazyArray } from '../../array/lazy-array.ts';
import type { Progress, WorkOptions } from '../../array/progress.ts';
import { withAxes } from '../../array/with-axes.ts';
import { type BlockGrid, blockGrid } from './blocks.ts';
import { type BoundaryVolumes, boundaryOf } from './boundary-volumes.ts';
import { findBasins } from './find-basins.ts';
import { findComponents } from './find-components.ts';
import { type LabelVolumes, labelVolumes, type Size4 } from './label-volumes.ts';
import { instancesLayer } from './layer.ts';
import { indexOf, numberObjects } from './number-objects.ts';
import { trackObjects } from './track.ts';
import type { ComponentsFit, InstanceRecipe, InstancesFit, WatershedFit, WatershedRecipe } from './types.ts';

export interface FitInstancesOptions extends Omit<WorkOptions, 'onProgress'> {
  readonly onProgress?: (stage: 'finding' | 'tracking', progress: Progress) => void;
  /** What the labels are, for the provenance. */
  readonly source?: Readonly<Record<string, Json>>;
  /** The image, for a recipe with a channel of boundaries: of the labels' size but for `c`. */
  readonly pixels?: LazyArray;
  /** Default: 512² in a plane, 32 × 128² in a volume. */
  readonly blockShape?: Size4;
}

/**
 * Find the instances of labels: look at every chunk once, and once more for ids over time.
 *
 * Ids do not depend on the chunks of the labels nor on the blocks; those of a watershed as far as its objects and what they
 * touch lie within the halo (`unsure` tells which do not).
 *
 * @param labels  integer, axes y and x and any of t and z
 * @param recipe  with `depth` and `halo`: a watershed of the distance to the border; without: connected components
 * @throws AlibiError InvalidInput  other axes, or no such channel of boundaries
 */
export async function fitInstances(
  labels: LazyArray,
  recipe: InstanceRecipe | WatershedRecipe,
  options: FitInstancesOptions = {},
): Promise<InstancesFit> {
  const volumes = labelVolumes(labels, recipe.only);
  const grid = blockGrid(volumes.size, recipe.dims, options.blockShape);
  const { signal, onProgress } = options;
  const work = (stage: 'finding' | 'tracking'): WorkOptions => ({
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress(stage, progress) }),
  });
  const boundary = boundaryOf(recipe, options.pixels, volumes.size);
  const context = { volumes, grid, boundary, source: options.source ?? {} };
  const found =
    'halo' in recipe
      ? await watershedFit(context, recipe, work('finding'))
      : await componentsFit(context, recipe, work('finding'));
  if (recipe.tracking === 'none' || volumes.size[0] === 1) return withId(found.fit);
  const objects = withAxes(instancesLayer(labels, found.fit, 'uint32', options.pixels), ['t', 'z', 'y', 'x']);
  return withId(renumbered(found.fit, await trackObjects(objects, found.sizes, work('tracking'))));
}

interface Context {
  readonly volumes: LabelVolumes;
  readonly grid: BlockGrid;
  readonly boundary: BoundaryVolumes | undefined;
  readonly source: Readonly<Record<string, Json>>;
}

/** A fit whose ids are not yet those over time, with the sizes of its objects by id − 1. */
interface Found<F extends InstancesFit> {
  readonly fit: F;
  readonly sizes: Float64Array;
}

async function componentsFit(
  { volumes, grid, source }: Context,
  recipe: InstanceRecipe,
  work: WorkOptions,
): Promise<Found<ComponentsFit>> {
  const { starts, objectOf, objects } = await findComponents(volumes, grid, recipe, work);
  const { ids, sizes } = numberObjects(objects, recipe, volumes.spacing);
  const base = { recipe, shape: grid.shape, blockShape: grid.chunkShape, count: sizes.length, source };
  return {
    fit: { kind: 'components', id: '', ...base, starts, ids: objectOf.map((object) => ids[object]!) },
    sizes,
  };
}

async function watershedFit(
  { volumes, grid, boundary, source }: Context,
  recipe: WatershedRecipe,
  work: WorkOptions,
): Promise<Found<WatershedFit>> {
  const basins = await findBasins(volumes, grid, recipe, { ...work, boundary });
  const { ids, sizes } = numberObjects(basins, recipe, volumes.spacing);
  const peaks = basins.positions.slice().sort();
  const byPeak = new Uint32Array(peaks.length);
  basins.positions.forEach((position, n) => {
    byPeak[indexOf(peaks, position)] = ids[n]!;
  });
  const unsure = ids.filter((id, n) => id !== 0 && basins.unsure[n] === 1).sort();
  const base = { recipe, shape: grid.shape, blockShape: grid.chunkShape, count: sizes.length, source };
  return { fit: { kind: 'watershed', id: '', ...base, peaks, ids: byPeak, unsure }, sizes };
}

/** @param idOf  new id by old id */
function renumbered(fit: InstancesFit, idOf: Uint32Array): InstancesFit {
  const ids = fit.ids.map((id) => idOf[id]!);
  const count = idOf.reduce((most, id) => Math.max(most, id), 0);
  if (fit.kind === 'components') return { ...fit, ids, count };
  const unsure = Uint32Array.from(new Set(fit.unsure.map((id) => idOf[id]!))).sort();
  return { ...fit, ids, count, unsure };
}

async function withId(fit: InstancesFit): Promise<InstancesFit> {
  const { id: _, ...content } = fit;
  return { ...fit, id: await fitId(content) };
}
