import { cached } from '../array/cached.ts';
import type { ChunkOptions, DataType, LabelType, LazyArray } from '../array/lazy-array.ts';
import { chunkRegion, readRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { modeDownsample, modeSourceRegion } from '../raster/mode-pyramid.ts';
import type { WriteStore } from '../stores/store.ts';
import { openZarrArray } from '../stores/zarr-array.ts';
import type { SaveProgress } from './materialize.ts';
import type { PlannedLevel, PyramidPlan } from './pyramid-plan.ts';
import { type WrittenLevel, writeLevel } from './write-level.ts';

/** Chunks of the finer level kept while a coarser one is made: only factors that are not whole need any twice. */
const readBackBytes = 32 * 2 ** 20;

/**
 * Write all levels, finest first, to `folder/0`, `folder/1`, … A coarser level is made from the chunks of
 * the finer one as they were stored, so that no level is ever held in memory.
 *
 * @param labels  the finest level, axes as planned
 */
export async function writePyramid(
  target: {
    readonly store: WriteStore;
    readonly folder: `/${string}`;
    readonly plan: PyramidPlan;
    readonly labels: LazyArray<LabelType>;
  },
  options: {
    readonly signal: AbortSignal | undefined;
    readonly onProgress: ((progress: SaveProgress) => void) | undefined;
    readonly total: number;
  },
): Promise<WrittenLevel> {
  const { store, folder, plan } = target;
  const onChunk = counter(options.total, options.onProgress);
  const sum = { written: 0, skipped: 0 };
  for (const [n, level] of plan.levels.entries()) {
    const finer = n === 0 ? undefined : await readBack(store, `${folder}/${n - 1}`, plan, options.signal);
    const labels = finer === undefined ? target.labels : coarser(finer, level);
    const counts = await writeLevel(
      store,
      `${folder}/${n}`,
      { plan, level, array: withChunks(labels, level) },
      { signal: options.signal, onChunk },
    );
    sum.written += counts.written;
    sum.skipped += counts.skipped;
  }
  return sum;
}

/** Ids of `level`, the next coarser of `finer`, by mode. */
export function coarser(finer: LazyArray<LabelType>, level: PlannedLevel): LazyArray<LabelType> {
  const mode = { factors: level.factors ?? level.shape.map(() => 1), sourceShape: finer.shape };
  return {
    axes: finer.axes,
    shape: level.shape,
    chunkShape: level.chunkShape,
    dtype: finer.dtype,
    fillValue: finer.fillValue,
    transform: level.transform,
    get revision() {
      return finer.revision;
    },
    async getChunk(index: readonly number[], options: ChunkOptions) {
      const region = chunkRegion(level, index);
      const sourceRegion = modeSourceRegion(region, mode);
      const { data } = await readRegion(finer, sourceRegion, options);
      return {
        data: modeDownsample(finer.dtype, { data, region: sourceRegion }, region, mode),
        shape: region.start.map((start, axis) => region.stop[axis]! - start),
      };
    },
  };
}

/** A lazy array whose nominal chunk is larger than itself has the same one chunk along that axis. */
function withChunks(labels: LazyArray<LabelType>, level: PlannedLevel): LazyArray<LabelType> {
  return {
    ...labels,
    chunkShape: level.chunkShape,
    revision: labels.revision,
    getChunk: (index, o) => labels.getChunk(index, o),
  };
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

function counter(total: number, report: ((progress: SaveProgress) => void) | undefined): () => void {
  const startMs = performance.now();
  let done = 0;
  report?.({ done, total });
  return () => {
    done++;
    report?.({ done, total, etaMs: ((performance.now() - startMs) / done) * (total - done) });
  };
}
