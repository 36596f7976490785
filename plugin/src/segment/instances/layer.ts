import { type ChunkData, type ChunkOptions, createData, type LazyArray } from '../../array/lazy-array.ts';
import { withAxes } from '../../array/with-axes.ts';
import { labelComponents } from '../../raster/components.ts';
import { type Block, blockAt, volumeSize } from './blocks.ts';
import { type BoundaryVolumes, boundaryOf } from './boundary-volumes.ts';
import { type LabelVolumes, labelVolumes } from './label-volumes.ts';
import { indexOf } from './number-objects.ts';
import type { InstancesFit } from './types.ts';
import { watershedBlock } from './watershed-block.ts';

/**
 * Instances of labels as ids 1, 2, …; 0 for none. A chunk is a block of the fit: its objects are found again in the labels, and
 * the fit says which ids they have.
 *
 * @param labels  what the fit was made of
 * @param pixels  the image, where the fit was made with a channel of boundaries
 * @returns       axes as the labels', in the order t, z, y, x
 */
export function instancesLayer<T extends 'uint32' | 'uint64'>(
  labels: LazyArray,
  fit: InstancesFit,
  dtype: T,
  pixels?: LazyArray,
): LazyArray<T> {
  const volumes = labelVolumes(labels, fit.recipe.only);
  const boundary = boundaryOf(fit.recipe, pixels, volumes.size);
  const whole = withAxes(labels, ['t', 'z', 'y', 'x']);
  const grid = { shape: fit.shape, chunkShape: fit.blockShape };
  const array: LazyArray<T> = {
    axes: whole.axes,
    ...grid,
    dtype,
    // The zero of the type, bigint or number.
    fillValue: createData(dtype, 1)[0]! as LazyArray<T>['fillValue'],
    transform: whole.transform,
    get revision() {
      return labels.revision;
    },
    async getChunk(index, options) {
      options.signal?.throwIfAborted();
      const block = blockAt(grid, index);
      const ids = await blockIds(volumes, fit, block, { ...options, boundary });
      const wide = dtype === 'uint64' ? BigUint64Array.from(ids, BigInt) : ids;
      const { start, stop } = block.region;
      // The array that holds `dtype`.
      return { data: wide as ChunkData[T], shape: start.map((begin, axis) => stop[axis]! - begin) };
    },
  };
  const own = ['t', 'z', 'y', 'x'].filter((name) => labels.axes.some((axis) => axis.name === name));
  return withAxes(array, own);
}

async function blockIds(
  volumes: LabelVolumes,
  fit: InstancesFit,
  block: Block,
  options: ChunkOptions & { readonly boundary: BoundaryVolumes | undefined },
): Promise<Uint32Array> {
  if (fit.kind === 'components') {
    const ids = await volumes.read(block.region, options);
    const { labels } = labelComponents(ids, volumeSize(block.region), fit.recipe.reach);
    const start = fit.starts[block.number]!;
    return labels.map((label) => (label === 0 ? 0 : fit.ids[start + label - 1]!));
  }
  const found = await watershedBlock(volumes, block, fit.recipe, options);
  const idOf = Uint32Array.from(found.peaks, (peak) => fit.ids[indexOf(fit.peaks, peak)] ?? 0);
  return found.labels.map((label) => (label === 0 ? 0 : idOf[label - 1]!));
}
