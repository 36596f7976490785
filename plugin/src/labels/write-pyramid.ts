import { cached } from '../array/cached.ts';
import {
  type Chunk,
  type ChunkOptions,
  createData,
  type DataType,
  elementCount,
  type LabelType,
  type LazyArray,
} from '../array/lazy-array.ts';
import { chunkRegion, copyOverlap, type Region, readRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { modeDownsample, modeSourceRegion } from '../raster/mode-pyramid.ts';
import type { WriteStore } from '../stores/store.ts';
import { openZarrArray } from '../stores/zarr-array.ts';
import type { Journal } from './journal.ts';
import type { Pause } from './pause.ts';
import type { PlannedLevel, PyramidPlan } from './pyramid-plan.ts';
import { rechunked } from './rechunked.ts';
import type { SaveProgress } from './save-types.ts';
import { type WriteLevelOptions, writeLevel } from './write-level.ts';

/** Elements of the finest level counted at a time. */
const pieceElements = 2 ** 22;
/** Chunks of the finest level kept while a coarser one is made: pieces whose borders are not those of chunks share some. */
const readBackBytes = 32 * 2 ** 20;

/**
 * Write all levels, finest first, to `folder/0`, `folder/1`, … Every coarser level is made from the chunks of the
 * finest one as they were stored, a piece at a time: no level is ever held in memory, and what is most frequent in
 * an element's place is most frequent there at full resolution, not among the winners of the level before.
 *
 * @param labels  the finest level, axes as planned
 */
export async function writePyramid(
  target: {
    readonly store: WriteStore;
    readonly folder: `/${string}`;
    readonly plan: PyramidPlan;
    readonly labels: LazyArray<LabelType>;
    /** What it says is finished is left as it is. */
    readonly journal: Journal;
  },
  options: {
    readonly signal: AbortSignal | undefined;
    readonly onProgress: ((progress: SaveProgress) => void) | undefined;
    readonly total: number;
    readonly pause: Pause | undefined;
  },
): Promise<void> {
  const { store, folder, plan, journal } = target;
  const onChunk = counter(options);
  for (const [n, level] of plan.levels.entries()) {
    const labels =
      n === 0 ? target.labels : coarser(await readBack(store, `${folder}/0`, plan, options.signal), level);
    await writeLevel(
      store,
      `${folder}/${n}`,
      { plan, level, array: rechunked(labels, level.chunkShape) },
      { signal: options.signal, onChunk, pause: options.pause, journal },
    );
    await journal.record(
      { op: 'level', level: n },
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
}

/** Ids of `level` by mode of the finest level's. */
function coarser(finest: LazyArray<LabelType>, level: PlannedLevel): LazyArray<LabelType> {
  const mode = { factors: level.factors ?? level.shape.map(() => 1), sourceShape: finest.shape };
  const { axes, dtype, fillValue } = finest;
  return {
    axes,
    shape: level.shape,
    chunkShape: level.chunkShape,
    dtype,
    fillValue,
    transform: level.transform,
    get revision() {
      return finest.revision;
    },
    async getChunk(index: readonly number[], options: ChunkOptions) {
      const region = chunkRegion(level, index);
      const whole = emptyChunk(dtype, region);
      for (const piece of piecesOf(region, (part) => elementsIn(modeSourceRegion(part, mode)))) {
        const sourceRegion = modeSourceRegion(piece, mode);
        const { data } = await readRegion(finest, sourceRegion, options);
        const ids = modeDownsample(dtype, { data, region: sourceRegion }, piece, mode);
        copyOverlap({ data: ids, shape: sizeOf(piece) }, piece.start, whole, region.start);
      }
      return whole;
    },
  };
}

/** The region in halves along its longest axis until none covers more than `pieceElements`, or is one element. */
function piecesOf(region: Region, covered: (part: Region) => number): Region[] {
  const size = sizeOf(region);
  const longest = size.indexOf(Math.max(...size));
  if (covered(region) <= pieceElements || size[longest]! <= 1) return [region];
  const middle = region.start[longest]! + (size[longest]! >> 1);
  const replaced = (values: readonly number[]) =>
    values.map((value, axis) => (axis === longest ? middle : value));
  const halves = [
    { start: region.start, stop: replaced(region.stop) },
    { start: replaced(region.start), stop: region.stop },
  ];
  return halves.flatMap((half) => piecesOf(half, covered));
}

function sizeOf({ start, stop }: Region): number[] {
  return start.map((begin, axis) => stop[axis]! - begin);
}

function elementsIn(region: Region): number {
  return elementCount(sizeOf(region));
}

function emptyChunk(dtype: LabelType, region: Region): Chunk<LabelType> {
  const shape = sizeOf(region);
  return { data: createData(dtype, elementCount(shape)), shape };
}

async function readBack(
  store: WriteStore,
  path: `/${string}`,
  plan: PyramidPlan,
  signal: AbortSignal | undefined,
): Promise<LazyArray<LabelType>> {
  const { lazy } = await openZarrArray(store, path, {
    zarrFormat: plan.zarrFormat,
    axes: plan.axes,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!isLabels(lazy)) {
    throw new AlibiError('Integrity', {
      what: `labels just written read back as ${lazy.dtype}`,
      where: path,
      remedy: 'Another program seems to write to the same place; save again when it has ended.',
    });
  }
  return cached(lazy, { byteLimit: readBackBytes });
}

function isLabels(lazy: LazyArray<DataType>): lazy is LazyArray<LabelType> {
  return ['uint8', 'uint16', 'uint32', 'uint64'].includes(lazy.dtype);
}

/** Chunks that were finished before count as done, and not for what is left; neither does time that it was paused. */
function counter({
  total,
  onProgress: report,
  pause,
}: Pick<Parameters<typeof writePyramid>[1], 'total' | 'onProgress' | 'pause'>): WriteLevelOptions['onChunk'] {
  const workedMs = () => performance.now() - (pause?.pausedMs ?? 0);
  const startMs = workedMs();
  let done = 0;
  let made = 0;
  let bytes = 0;
  report?.({ done, total, bytes });
  return (chunks, how, stored) => {
    done += chunks;
    bytes += stored;
    if (how === 'made') made += chunks;
    const etaMs = ((workedMs() - startMs) / made) * (total - done);
    report?.({ done, total, bytes, ...(made === 0 ? {} : { etaMs }) });
  };
}
