import type { FeaturesOutput } from 'alibi-zarr-schemas';
import type { Json } from '../array/json.ts';
import { type Axis, axisIndex, chunkCounts, type LazyArray } from '../array/lazy-array.ts';
import { transposed } from '../array/transposed.ts';
import type { PcaFit } from '../features/fits.ts';
import { mapTokens } from '../features/map-tokens.ts';
import { fitPca, projectPca } from '../features/pca.ts';
import { onlySlices } from '../labels/slices.ts';
import { pickWindows } from '../pipeline/sample.ts';
import { matchPixelSize } from '../segment/match-pixel-size.ts';
import type { OpenedClassifier } from '../segment/portable.ts';
import { inputNames } from '../segment/predict.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import { storedOrder } from '../views/zarr/array-node.ts';
import { invalid } from './flags.ts';
import type { Io } from './io.ts';
import { modelOutput, normalisationOutput, type Work } from './open-work.ts';
import { progressBar } from './progress-bar.ts';
import { writeImage } from './write-image.ts';

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
  /** What this classifier reads of every pixel, instead of tokens. */
  readonly classifier: OpenedClassifier | undefined;
  readonly overwrite: boolean;
}

/**
 * Write the tokens of the work's level, or what a classifier reads of every pixel, as an OME-Zarr 0.5 image: t and c where there are,
 * then the spatial axes in the image's order, c = dim (or the number of components, or of features), slices not asked for 0.
 *
 * @throws AlibiError Conflict  something is there already
 */
export async function writeFeatures(work: Work, request: FeaturesRequest, io: Io): Promise<FeaturesOutput> {
  const startMs = performance.now();
  const { image, pipeline, slices } = work;
  const source =
    request.classifier === undefined
      ? await tokenValues(work, request, io)
      : await pixelValues(work, request.classifier);
  const values = onlySlices(source.values, slices);
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
    return size * (inPlane ? Math.min(source.chunksPerShardSide, Math.ceil(lazy.shape[axis]! / size)) : 1);
  });
  const counts = await writeImage(
    {
      store: createNodeStore(request.out),
      path: '',
      folder: request.out,
      location: request.location,
      zarrFormat: 3,
      name: `${image.name} features`,
      values: { ...lazy, axes },
      shardShape,
      method: 'alibi-zarr features',
      provenance: {
        format: 'alibi-zarr/features/1',
        image: image.location,
        imageMetadataSha256: image.metadataHash,
        model: { ...pipeline.model },
        executionProvider: pipeline.provider.chosen,
        normalisation: { ...pipeline.normalisation },
        level: source.level,
        slices: { z: slices.z, t: slices.t },
        fit: source.fit,
        ...(source.features === null ? {} : { features: source.features }),
      },
      what: 'features',
      overwrite: request.overwrite,
    },
    io,
  );
  return {
    location: request.location,
    level: source.level,
    axes: axes.map((axis) => axis.name),
    shape: [...lazy.shape],
    chunks: chunkShape,
    shards: shardShape,
    dtype: request.dtype,
    components: source.components,
    fit: source.fit?.id ?? null,
    ...(source.features === null ? {} : { features: [...source.features] }),
    model: modelOutput(pipeline),
    normalisation: normalisationOutput(pipeline),
    z: [...slices.z],
    t: [...slices.t],
    ...counts,
    seconds: (performance.now() - startMs) / 1000,
  };
}

interface Values {
  readonly values: LazyArray<'float32'>;
  readonly level: number;
  readonly chunksPerShardSide: number;
  readonly components: number | null;
  readonly fit: {
    readonly kind: string;
    readonly id: string;
    readonly source: Readonly<Record<string, Json>>;
  } | null;
  /** What each value is, of pixel features. */
  readonly features: readonly string[] | null;
}

async function tokenValues(work: Work, request: FeaturesRequest, io: Io): Promise<Values> {
  const tokens = await work.pipeline.tokens(work.level);
  const fit = request.components === undefined ? undefined : await fitOf(work, request.components, io);
  return {
    values: fit === undefined ? tokens : reduced(tokens, fit),
    level: work.level,
    chunksPerShardSide,
    components: fit?.components ?? null,
    fit: fit === undefined ? null : { kind: fit.kind, id: fit.id, source: fit.source },
    features: null,
  };
}

async function pixelValues(
  { image, pipeline, askedLevel }: Work,
  { fit }: OpenedClassifier,
): Promise<Values> {
  const place = matchPixelSize(image.pixels, fit, askedLevel);
  return {
    values: await pipeline.pixelFeatures(fit, place),
    level: place.level,
    // A chunk holds tens of features a pixel: several of them would be held at once.
    chunksPerShardSide: 1,
    components: null,
    fit: { kind: fit.kind, id: fit.id, source: fit.source },
    features: inputNames(fit),
  };
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
export function featureOrder(values: LazyArray, imageAxes: readonly string[]): string[] {
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
