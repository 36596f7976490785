import { inOrder } from '../../array/in-order.ts';
import { axisIndex, type ChunkData, type DataType, type LazyArray } from '../../array/lazy-array.ts';
import { createProgress, type WorkOptions } from '../../array/progress.ts';
import { type Region, readRegion } from '../../array/region.ts';
import { withAxes } from '../../array/with-axes.ts';
import { AlibiError } from '../../errors.ts';
import { perimeterMargin, visitPerimeters } from '../../raster/perimeter.ts';
import { allBlocks, type Block, blockCount, blockGrid, volumeSize } from '../instances/blocks.ts';
import { type LabelVolumes, labelVolumes } from '../instances/label-volumes.ts';
import { ObjectSums } from './accumulator.ts';
import { type Column, type TableBatch, tableColumns } from './columns.ts';
import { ObjectHulls } from './hulls.ts';
import { objectRows } from './rows.ts';

export interface MeasureRequest {
  /** Integer; axes y and x and any of t and z. */
  readonly labels: LazyArray;
  /** Objects are planes, slice by slice, or volumes. */
  readonly dims: 2 | 3;
  /** Where intensities are read: of the labels' size, with the axis c if there are several channels. */
  readonly pixels?: LazyArray;
  readonly channels?: readonly { readonly index: number; readonly label: string }[];
}

/** A table of objects whose rows are still to come. */
export interface ObjectTable {
  readonly columns: readonly Column[];
  /** The rows, time point by time point (with dims 2 also slice by slice), by rising id. Once. */
  readonly batches: AsyncGenerator<TableBatch>;
}

/** Blocks read at once: hides the latency of a store. */
const readAhead = 3;
/** Rows handed out at a time. */
const batchRows = 8192;

/**
 * Measure every object of a label image in one pass over its chunks. Memory: a few blocks, and the sums of the objects of one
 * time point (with dims 2: of one slice).
 *
 * @throws AlibiError InvalidInput  the pixels are not of the labels' size
 */
export function measureObjects(request: MeasureRequest, work: WorkOptions = {}): ObjectTable {
  const volumes = labelVolumes(request.labels);
  const channels = request.pixels === undefined ? [] : (request.channels ?? []);
  if (request.pixels !== undefined) assertSameSize(request.pixels, request.labels);
  const columns = tableColumns({
    dims: request.dims,
    hasTime: axisIndex(request.labels.axes, 't') !== -1,
    hasSlices: request.dims === 2 && volumes.size[1] > 1,
    unit: volumes.spacing.unit,
    channels,
  });
  return { columns, batches: run({ ...request, volumes, channels, columns }, work) };
}

interface Job extends MeasureRequest {
  readonly volumes: LabelVolumes;
  readonly channels: readonly { readonly index: number; readonly label: string }[];
  readonly columns: readonly Column[];
}

/** What is known of the objects of one time point, or of one slice of it. */
export interface Gathered {
  readonly objects: Map<number, number>;
  readonly sums: ObjectSums;
  readonly hulls: ObjectHulls;
}

async function* run(job: Job, { signal, onProgress }: WorkOptions): AsyncGenerator<TableBatch> {
  const { volumes, dims, channels } = job;
  const grid = blockGrid(volumes.size, dims);
  const progress = createProgress(blockCount(grid), onProgress);
  const read = createReader(job, signal);
  const begin = (): Gathered => ({
    objects: new Map(),
    sums: new ObjectSums(channels.length),
    hulls: new ObjectHulls(),
  });
  let gathered = begin();
  let place = '';
  let last: Block | undefined;
  for await (const { item: block, result } of inOrder(allBlocks(grid), readAhead, read)) {
    signal?.throwIfAborted();
    const here = dims === 2 ? `${block.index[0]} ${block.index[1]}` : `${block.index[0]}`;
    if (here !== place && last !== undefined) {
      yield* rowsOf(job, gathered, last);
      gathered = begin();
    }
    place = here;
    last = block;
    gather(job, gathered, block, result);
    progress.step();
  }
  if (last !== undefined) yield* rowsOf(job, gathered, last);
}

interface BlockData {
  /** Of the block, in a plane with {@link perimeterMargin} around it as far as the image goes. */
  readonly ids: Uint32Array;
  readonly window: Region;
  /** Of the block, one a channel. */
  readonly values: readonly ArrayLike<number>[];
}

function createReader(job: Job, signal: AbortSignal | undefined): (block: Block) => Promise<BlockData> {
  const { volumes, dims, pixels, channels } = job;
  const intensities = pixels && withAxes(pixels, ['c', 't', 'z', 'y', 'x']);
  const options = signal === undefined ? {} : { signal };
  const margin = [0, 0, perimeterMargin, perimeterMargin];
  return async ({ region }) => {
    const window: Region =
      dims === 3
        ? region
        : {
            start: region.start.map((start, axis) => Math.max(0, start - margin[axis]!)),
            stop: region.stop.map((stop, axis) => Math.min(volumes.size[axis]!, stop + margin[axis]!)),
          };
    const planes = channels.map(async ({ index }) => {
      const box = { start: [index, ...region.start], stop: [index + 1, ...region.stop] };
      return asNumbers((await readRegion(intensities!, box, options)).data);
    });
    const [ids, ...values] = await Promise.all([volumes.read(window, options), ...planes]);
    return { ids, window, values };
  };
}

function gather(job: Job, gathered: Gathered, { region }: Block, { ids, window, values }: BlockData): void {
  const { objects, sums, hulls } = gathered;
  const [depth, height, width] = volumeSize(region);
  const [, rows, columns] = volumeSize(window);
  const [z0 = 0, y0 = 0, x0 = 0] = region.start.slice(1);
  const [top, left] = [y0 - window.start[2]!, x0 - window.start[3]!];
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const line = (z * rows + y + top) * columns + left;
      for (let x = 0; x < width; ) {
        const id = ids[line + x]!;
        const start = x++;
        while (x < width && ids[line + x] === id) x++;
        if (id === 0) continue;
        let object = objects.get(id);
        if (object === undefined) {
          object = sums.add([z0 + z, y0 + y, x0 + start]);
          objects.set(id, object);
        }
        const row = (z * height + y) * width;
        for (let n = 0; n < values.length; n++) {
          sums.addValues(object, n, values[n]!, row + start, row + x);
        }
        sums.addRun(object, { z: z0 + z, y: y0 + y, start: x0 + start, stop: x0 + x });
        if (job.dims === 2) hulls.addRun(object, y0 + y, x0 + start, x0 + x);
      }
    }
  }
  if (job.dims === 3) return;
  const core = { y0: top, y1: top + height, x0: left, x1: left + width };
  visitPerimeters(ids, [rows, columns], core, (id, kind) => sums.addBorder(objects.get(id)!, kind));
}

function* rowsOf(job: Job, gathered: Gathered, { index }: Block): Generator<TableBatch> {
  const { volumes, dims, columns, channels, labels } = job;
  const named = [...gathered.objects].map(([number, object]) => ({ id: volumes.idOf(number), object }));
  named.sort((a, b) => (a.id < b.id ? -1 : 1));
  const context = {
    dims,
    columns,
    channels,
    spacing: volumes.spacing,
    translation: translationOf(labels),
    t: index[0],
    z: index[1],
  };
  for (let start = 0; start < named.length; start += batchRows) {
    yield objectRows(gathered, named.slice(start, start + batchRows), context);
  }
}

/** Position of the first element's centre along z, y, x, in the array's own units. */
function translationOf({ axes, transform }: LazyArray): [number, number, number] {
  const along = (name: string) => transform.translation[axisIndex(axes, name)] ?? 0;
  return [along('z'), along('y'), along('x')];
}

function asNumbers(data: ChunkData[DataType]): ArrayLike<number> {
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data, Number)
    : data;
}

function assertSameSize(pixels: LazyArray, labels: LazyArray): void {
  const size = (array: LazyArray) =>
    ['t', 'z', 'y', 'x'].map((name) => array.shape[axisIndex(array.axes, name)] ?? 1).join(' × ');
  if (size(pixels) === size(labels)) return;
  throw new AlibiError('InvalidInput', {
    what: `labels of ${size(labels)} (t × z × y × x) do not lie on pixels of ${size(pixels)}`,
    where: 'measure',
    remedy: 'Measure intensities on the level that has the size of the labels.',
  });
}
