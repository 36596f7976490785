import { join } from 'node:path';
import type { FeaturesOutput } from 'alibi-zarr-schemas';
import { type Axis, axisIndex, chunkCounts, elementCount, type LazyArray } from '../array/lazy-array.ts';
import { transposed } from '../array/transposed.ts';
import { AlibiError } from '../errors.ts';
import type { PcaFit } from '../features/fits.ts';
import { mapTokens } from '../features/map-tokens.ts';
import { fitPca, projectPca } from '../features/pca.ts';
import { asRecord, type GroupMetadata, readGroup, writeGroup } from '../labels/group-metadata.ts';
import {
  type ArrayKeys,
  createRevisionId,
  plannedKeys,
  readArrayKeys,
  removeArrays,
} from '../labels/revision.ts';
import { onlySlices } from '../labels/slices.ts';
import { writeLevel } from '../labels/write-level.ts';
import { imageAttributes } from '../ome/write.ts';
import { pickWindows } from '../pipeline/sample.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import type { WriteStore } from '../stores/store.ts';
import { storedOrder } from '../views/zarr/array-node.ts';
import { invalid } from './flags.ts';
import type { Io } from './io.ts';
import { modelOutput, normalisationOutput, type Work } from './open-work.ts';
import { progressBar } from './progress-bar.ts';
import { pruneFolders } from './prune-folders.ts';

/** Chunks of tokens along y and along x of one shard. */
const chunksPerShardSide = 4;
/** Chunks of tokens a basis is fitted on; about 43 MB of a ViT-S, and at most what is computed anyway. */
const pcaChunks = 64;

export interface FeaturesRequest {
  /** Absolute path of the folder to write. */
  readonly out: string;
  /** The same as the person wrote it. */
  readonly location: string;
  readonly dtype: 'float16' | 'float32';
  /** Principal components to reduce to; undefined: the tokens as they are. */
  readonly components: number | undefined;
  readonly overwrite: boolean;
}

/**
 * Write the tokens of the work's level as an OME-Zarr 0.5 image: t and c where there are, then the spatial
 * axes in the image's order, c = dim (or the number of components), sharded, slices not asked for 0. Crash-safe as labels
 * are: a fresh place, then one `set` that makes it the image.
 *
 * @throws AlibiError Conflict  something is there already
 */
export async function writeFeatures(work: Work, request: FeaturesRequest, io: Io): Promise<FeaturesOutput> {
  const startMs = performance.now();
  const { image, pipeline, level, slices } = work;
  const store = createNodeStore(request.out);
  const previous = await existing(store, request);
  const tokens = await pipeline.tokens(level);
  const fit = request.components === undefined ? undefined : await fitOf(work, request.components, io);
  const values = onlySlices(fit === undefined ? tokens : reduced(tokens, fit), slices);
  const order = featureOrder(
    values,
    image.axes.map((axis) => axis.name),
  );
  const lazy = asType(transposed(values, order), request.dtype);
  const axes = lazy.axes.map(
    (axis): Axis => image.axes.find(({ name }) => name === axis.name) ?? { name: 'c', type: 'channel' },
  );
  const chunkShape = lazy.chunkShape.map((size, axis) => Math.min(size, lazy.shape[axis]!));
  const shardShape = chunkShape.map((size, axis) => {
    const inPlane = axes[axis]?.name === 'y' || axes[axis]?.name === 'x';
    return size * (inPlane ? Math.min(chunksPerShardSide, Math.ceil(lazy.shape[axis]! / size)) : 1);
  });
  const planned = { shape: lazy.shape, chunkShape, shardShape, transform: lazy.transform };
  const revision = createRevisionId();
  const keys = plannedKeys(`/${revision}/0`, 3, lazy.shape, shardShape);
  const bar = progressBar(io, 'Features');
  const total = elementCount(chunkCounts(planned));
  let done = 0;
  try {
    const counts = await writeLevel(
      store,
      `/${revision}/0`,
      {
        plan: { axes, zarrFormat: 3, levels: [planned] },
        level: planned,
        array: { ...lazy, chunkShape, revision: 0 },
      },
      {
        signal: io.signal,
        onChunk: () => {
          done++;
          bar.update({ done, total, etaMs: ((performance.now() - startMs) / done) * (total - done) });
        },
      },
    );
    await writeGroup(store, `/${revision}`, 3, {}, undefined, { signal: io.signal });
    const attributes = imageAttributes({
      version: '0.5',
      name: `${image.name} features`,
      axes,
      datasets: [{ path: `${revision}/0`, transform: lazy.transform }],
      downscaling: { type: 'features', metadata: { method: 'alibi-zarr features' } },
      provenance: {
        format: 'alibi-zarr/features/1',
        image: image.location,
        imageMetadataSha256: image.metadataHash,
        model: { ...pipeline.model },
        executionProvider: pipeline.provider.chosen,
        normalisation: { ...pipeline.normalisation },
        level,
        slices: { z: slices.z, t: slices.t },
        fit: fit === undefined ? null : { kind: fit.kind, id: fit.id, source: fit.source },
      },
    });
    await writeGroup(store, '', 3, attributes, previous?.group, { signal: io.signal });
    bar.end();
    const old = previous?.arrays ?? [];
    await removeArrays(
      store,
      old,
      old.map(({ path }): `/${string}` => `/${path.split('/')[1]}`),
    );
    for (const { path } of old) await pruneFolders(join(request.out, path.split('/')[1]!));
    return {
      location: request.location,
      level,
      axes: axes.map((axis) => axis.name),
      shape: [...lazy.shape],
      chunks: chunkShape,
      shards: shardShape,
      dtype: request.dtype,
      components: fit?.components ?? null,
      fit: fit?.id ?? null,
      model: modelOutput(pipeline),
      normalisation: normalisationOutput(pipeline),
      z: [...slices.z],
      t: [...slices.t],
      ...counts,
      seconds: (performance.now() - startMs) / 1000,
    };
  } catch (error) {
    const now = await readGroup(store, '', 3).catch(() => undefined);
    // Not if the last `set` arrived after all: then this revision is the image.
    if (!JSON.stringify(now?.attributes ?? {}).includes(revision)) {
      await removeArrays(store, [keys], [`/${revision}`]).catch(() => undefined);
      await pruneFolders(join(request.out, revision));
      if (previous === undefined) await pruneFolders(request.out);
    }
    throw error;
  }
}

/** Only what this command wrote may be replaced by it. */
async function existing(
  store: WriteStore,
  request: FeaturesRequest,
): Promise<{ readonly group: GroupMetadata; readonly arrays: readonly ArrayKeys[] } | undefined> {
  const [v3, v2] = await Promise.all([readGroup(store, '', 3), readGroup(store, '', 2)]);
  const group = v3 ?? v2;
  if (group === undefined) return undefined;
  const own = asRecord(group.attributes['alibi-zarr']).format === 'alibi-zarr/features/1';
  if (!own || !request.overwrite) {
    throw new AlibiError('Conflict', {
      what: own ? 'there are features already' : 'there is something else already',
      where: request.location,
      remedy: own ? 'Choose another folder, or write --overwrite.' : 'Choose another folder.',
    });
  }
  const multiscales = asRecord(group.attributes.ome).multiscales;
  const datasets = Array.isArray(multiscales) ? asRecord(multiscales[0]).datasets : [];
  const paths = (Array.isArray(datasets) ? datasets : []).map((dataset) => asRecord(dataset).path);
  const revisions = paths
    .filter((path) => typeof path === 'string')
    .filter((path) => /^rev-[0-9a-f-]+\/\d+$/.test(path));
  const arrays = await Promise.all(revisions.map((path) => readArrayKeys(store, `/${path}`)));
  return { group, arrays: arrays.filter((keys) => keys !== undefined) };
}

/**
 * A basis for the tokens that are written: of the level and slices asked for, all of them where they are few.
 *
 * @throws AlibiError InvalidInput  more components than a token has values
 */
async function fitOf(work: Work, components: number, io: Io): Promise<PcaFit> {
  const { pipeline, level, seed, slices } = work;
  const tokens = await pipeline.tokens(level);
  const dim = tokens.shape.at(-1)!;
  if (components > dim) {
    throw invalid(
      `--pca is ${components}`,
      { name: 'features' },
      `The tokens of this checkpoint have ${dim} values: give at most ${dim}.`,
    );
  }
  const { model, normalisation } = pipeline;
  const fit = await fitPca(await sampleChunks(work, tokens, io), {
    dim,
    components,
    source: {
      model: model.sha256,
      channels: normalisation.channels,
      black: normalisation.black,
      white: normalisation.white,
      level,
      seed,
      z: slices.z,
      t: slices.t,
    },
    signal: io.signal,
  });
  return fit;
}

/** @returns float32 [n, dim]: the tokens of every chunk, or of some spread over slices and places */
async function sampleChunks(
  { slices, seed }: Work,
  tokens: LazyArray<'float32'>,
  io: Io,
): Promise<Float32Array> {
  const startMs = performance.now();
  const bar = progressBar(io, 'Fitting components');
  const [rows = 1, cols = 1] = chunkCounts(tokens).slice(-3);
  const parts: Float32Array[] = [];
  const picks = pickWindows(rows * cols, slices, pcaChunks, seed);
  for (const { t, z, window } of picks) {
    const slice = [
      ...(axisIndex(tokens.axes, 't') === -1 ? [] : [t]),
      ...(axisIndex(tokens.axes, 'z') === -1 ? [] : [z]),
    ];
    const index = [...slice, Math.floor(window / cols), window % cols, 0];
    parts.push((await tokens.getChunk(index, { signal: io.signal })).data);
    const done = parts.length;
    bar.update({
      done,
      total: picks.length,
      etaMs: ((performance.now() - startMs) / done) * (picks.length - done),
    });
  }
  bar.end();
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Time, channel, space, as OME-Zarr asks for, whatever the image did; space in the image's own order. */
function featureOrder(values: LazyArray, imageAxes: readonly string[]): string[] {
  const order = storedOrder(values, imageAxes);
  const rank = (name: string): number => (name === 't' ? 0 : name === 'c' ? 1 : 2);
  return order.toSorted((a, b) => rank(a) - rank(b));
}

function reduced(tokens: LazyArray<'float32'>, fit: PcaFit): LazyArray<'float32'> {
  return mapTokens(tokens, fit.dim, {
    dtype: 'float32',
    channels: fit.components,
    map: (chunk) => projectPca(chunk, fit, fit.components),
  });
}

/** float16 is held in a Float32Array, as float32 is: only the writer sees a difference. */
function asType(lazy: LazyArray<'float32'>, dtype: 'float16' | 'float32'): LazyArray<'float16' | 'float32'> {
  if (dtype === 'float32') return lazy;
  const { axes, shape, chunkShape, fillValue, transform, revision } = lazy;
  return {
    axes,
    shape,
    chunkShape,
    fillValue,
    transform,
    revision,
    dtype,
    getChunk: (index, o) => lazy.getChunk(index, o),
  };
}
