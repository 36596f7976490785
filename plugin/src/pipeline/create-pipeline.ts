import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { cached } from '../array/cached.ts';
import { createChunkCache } from '../array/chunk-cache.ts';
import { axisIndex, type DataType, type LazyArray } from '../array/lazy-array.ts';
import { createProgress } from '../array/progress.ts';
import { shared } from '../array/shared.ts';
import { wrapped } from '../array/wrapped.ts';
import type { Backend } from '../encoder/backend.ts';
import type { Encoder, Normalisation, ProviderReport } from '../encoder/encoder.ts';
import { loadManifest, type ModelReader } from '../encoder/manifest.ts';
import { openEncoder } from '../encoder/open-encoder.ts';
import { type TokensArray, tokensArray } from '../encoder/tokens.ts';
import { clusterScores, fitClusters } from '../features/kmeans.ts';
import { fitPca, pcaColours } from '../features/pca.ts';
import { fitSimilarity, similarityColors, similarityScores } from '../features/similarity.ts';
import { classifierInputs, classScores } from '../segment/classes.ts';
import { labelsFromScores } from '../segment/labels.ts';
import { joinSamples, paintedSamples } from '../segment/samples.ts';
import { fitClassifier } from '../segment/train.ts';
import { uncertaintyLayer } from '../segment/uncertainty.ts';
import { keepBlocks, keepRows } from './block-cache.ts';
import { concatenate } from './concatenate.ts';
import { type FitBasis, fitRecipe } from './fit-recipe.ts';
import type {
  ModelIdentity,
  OpenPipeline,
  Pipeline,
  PipelineInput,
  Slices,
  WorkOptions,
} from './pipeline.ts';
import { createPlaces, type Places } from './places.ts';
import { clusterWindows, pcaWindows, pickWindows, sampleLevel } from './sample.ts';
import { tokensAt } from './tokens-at.ts';

/** Raw windows and blended tokens kept in memory: about 500 windows of ViT-S between them. */
const tokenCacheBytes = 512 * 2 ** 20;
/** Colours, scores and labels: cheap to make again, so a small share. */
const layerCacheBytes = 128 * 2 ** 20;

/** A checkpoint that runs: what pipelines of several images may share. */
export type OpenedCheckpoint = Pick<PipelineParts, 'manifest' | 'model' | 'encoder' | 'report'>;

/**
 * An {@link OpenPipeline} that runs in this process (Node) or this worker.
 *
 * @param backends  execution providers in the order they are tried
 * @param readerOf  how a manifest's location is read; default: over HTTP
 */
export function pipelineOpener(
  backends: readonly Backend[],
  readerOf?: (location: string) => ModelReader,
): OpenPipeline {
  return async (input, options) =>
    createPipeline({
      ...input,
      ...(await openCheckpoint(readerOf?.(input.manifest) ?? input.manifest, backends, {
        ...options,
        precision: input.precision,
      })),
    });
}

/** Load a checkpoint and put it to its self-test. */
export async function openCheckpoint(
  source: ModelReader | string,
  backends: readonly Backend[],
  {
    signal,
    onStage,
    precision,
  }: Parameters<OpenPipeline>[1] & { readonly precision?: PipelineInput['precision'] | undefined },
): Promise<OpenedCheckpoint> {
  const abort = signal ? { signal } : {};
  onStage?.({ kind: 'loading', bytes: 0, totalBytes: 0 });
  const checkpoint = await loadManifest(source, abort);
  let report: ProviderReport | null = null;
  const { encoder, graph } = await openEncoder({
    manifest: checkpoint.manifest,
    readFile: checkpoint.readFile,
    backends,
    ...(precision === undefined ? {} : { precision }),
    onReport: (latest) => {
      // The first one is part of the opened pipeline; a later one says that a device was lost.
      if (report !== null) onStage?.({ kind: 'provider', report: latest });
      report = latest;
    },
    onTesting: () => onStage?.({ kind: 'testing' }),
    onProgress: ({ bytes, totalBytes }) => {
      // The self-test's answer has no size to show: it is small.
      if (totalBytes !== undefined) onStage?.({ kind: 'loading', bytes, totalBytes });
    },
    ...abort,
  });
  return {
    manifest: checkpoint.manifest,
    model: { name: checkpoint.manifest.name, sha256: graph.sha256, precision: graph.precision },
    encoder,
    report: () => report!,
  };
}

export interface PipelineParts extends Pick<PipelineInput, 'pixels' | 'normalisation'> {
  readonly manifest: Pick<CheckpointManifest, 'input' | 'window' | 'graphs'>;
  readonly model: ModelIdentity;
  readonly encoder: Encoder;
  /** The latest: the provider changes when a device is lost. */
  readonly report: () => ProviderReport;
  /** Others run on the encoder too: closing leaves it open. */
  readonly lent?: boolean;
}

/** Join image, encoder, fits and layers. One of each cache serves all levels, so memory has one bound. */
export function createPipeline({
  pixels,
  normalisation,
  manifest,
  model,
  encoder,
  report,
  lent = false,
}: PipelineParts): Pipeline {
  const windowCache = createChunkCache({ byteLimit: tokenCacheBytes / 2 });
  const blendCache = createChunkCache({ byteLimit: tokenCacheBytes / 2 });
  const layerCache = createChunkCache({ byteLimit: layerCacheBytes });
  const kept = <T extends DataType>(layer: LazyArray<T>) => cached(shared(layer), { cache: layerCache });
  const levels = pixels.map((level) =>
    tokensArray({ level, normalisation, encoder, manifest, cache: windowCache }),
  );
  const blended = levels.map((tokens): LazyArray<'float32'> => cached(tokens, { cache: blendCache }));
  const sourceOf = (facts: {
    readonly level: number;
    readonly seed: number;
    readonly slices: Slices | null;
  }) => ({
    model: model.sha256,
    channels: normalisation.channels,
    black: normalisation.black,
    white: normalisation.white,
    level: facts.level,
    seed: facts.seed,
    ...(facts.slices === null ? {} : { z: facts.slices.z, t: facts.slices.t }),
  });
  const fitBasis: FitBasis = async (tokens, { components, seed, slices, level, scale, budget, ...work }) => {
    const samples = await sampleTokens(tokens, { slices, budget, seed, ...work });
    return fitPca(samples, {
      dim: encoder.dim,
      components: Math.min(components, encoder.dim),
      source: { ...sourceOf({ level, seed, slices }), ...(scale === undefined ? {} : { scale }) },
      ...(work.signal ? { signal: work.signal } : {}),
    });
  };
  const places = createPlaces({ pixels, normalisation, encoder, manifest, windowCache, blendCache, levels });
  const others = new Map<string, Places>();
  /** Places as a classifier saw its image; made when asked for, once. */
  const placesFor = (seen: Normalisation): Places => {
    const key = normalisationKey(seen);
    if (key === normalisationKey(normalisation)) return places;
    const parts = { pixels, normalisation: seen, encoder, manifest, windowCache, blendCache, levels: [] };
    const made = others.get(key) ?? createPlaces(parts);
    others.set(key, made);
    return made;
  };
  const read = keepBlocks();
  const rowsFor = keepRows();
  const recipeOf = (options: Parameters<Pipeline['recipe']>[0]) =>
    fitRecipe(options, { places, normalisation, fitBasis });

  return {
    get provider() {
      return report();
    },
    model,
    graphs: manifest.graphs.map(({ sha256 }) => sha256),
    normalisation,
    cost: async () => ({
      windows: levels.map((tokens) => tokens.plan.windows),
      windowMs: encoder.windowMs,
      runs: encoder.runs,
    }),
    tokens: async (level) => blended[level]!,
    fitPca: ({ components, seed, slices, ...work }) => {
      const level = sampleLevel(
        levels.map((tokens) => tokens.plan.windows),
        pcaWindows,
      );
      return fitBasis(levels[level]!, { components, seed, slices, level, budget: pcaWindows, ...work });
    },
    pca: async (fit, level) => kept(pcaColours(blended[level]!, fit)),
    async fitClusters({ k, level, seed, slices, ...work }) {
      const samples = await sampleTokens(levels[level]!, { slices, budget: clusterWindows, seed, ...work });
      return fitClusters(samples, {
        k,
        dim: encoder.dim,
        seed,
        source: sourceOf({ level, seed, slices }),
        ...(work.signal ? { signal: work.signal } : {}),
      });
    },
    clusterScores: async (fit, level) => kept(clusterScores(blended[level]!, fit)),
    async fitSimilarity({ prompts, level, mean, signal }) {
      const at = (isLike: boolean) => {
        const places = prompts.filter((prompt) => prompt.isLike === isLike);
        return tokensAt(urgently(blended[level]!), pixels[0]!, places, signal ? { signal } : {});
      };
      const [like, unlike] = await Promise.all([at(true), at(false)]);
      const source = {
        ...sourceOf({ level, seed: 0, slices: null }),
        prompts: prompts.map((one) => ({ ...one })),
      };
      return fitSimilarity({ dim: encoder.dim, mean, like, unlike, source });
    },
    similarity: async (fit, level) => kept(similarityColors(blended[level]!, fit)),
    similarityScores: async (fit, level, least) => kept(similarityScores(blended[level]!, fit, least)),
    recipe: recipeOf,
    samples: async ({ place, normalisation: seen = normalisation, ...rest }) => {
      const input = placesFor(seen).features(place, urgently);
      return paintedSamples({
        ...input,
        ...rest,
        normalisation: seen,
        readRows: await rowsFor(rest.recipe, seen, place, () => input.pixels.revision),
        finest: pixels[0]!,
      });
    },
    fitClassifier: ({ samples, source, ...rest }) => {
      const { channels, black, white } = rest.normalisation;
      const common = sourceOf({ level: rest.level, seed: rest.seed, slices: null });
      return fitClassifier(joinSamples(samples), {
        ...rest,
        source: { ...common, channels, black, white, ...source },
      });
    },
    classScores: async (fit, place = { level: fit.level }) =>
      kept(
        classScores({
          fit,
          keep: kept,
          read: await read(fit, place, () => pixels[place.level]!.revision),
          ...placesFor(fit.normalisation).features(place),
        }),
      ),
    pixelFeatures: async (fit, place = { level: fit.level }) =>
      classifierInputs({ fit, keep: kept, ...placesFor(fit.normalisation).features(place) }),
    uncertainty: async (scores, kind, active) => kept(uncertaintyLayer(scores, kind, active)),
    labels: async (scores, grid, chunkPx) => kept(labelsFromScores(scores, grid, chunkPx)),
    beside: async (input) => createPipeline({ ...input, manifest, model, encoder, report, lent: true }),
    close: async () => {
      if (!lent) await encoder.close();
    },
  };
}

function normalisationKey({ channels, black, white }: Normalisation): string {
  return JSON.stringify([channels, black, white]);
}

/** Ahead of everything on screen: a fit is what the screen waits for. */
function urgently<T extends DataType>(lazy: LazyArray<T>): LazyArray<T> {
  return wrapped(lazy, (index, request) => lazy.getChunk(index, { ...request, priority: () => -1 }));
}

/**
 * Tokens of the windows a fit samples (docs/decisions/0005), without those beyond the image.
 *
 * @returns float32 [n, dim]; the caller owns the buffer
 */
async function sampleTokens(
  tokens: TokensArray,
  options: { readonly slices: Slices; readonly budget: number; readonly seed: number } & WorkOptions,
): Promise<Float32Array> {
  const { plan, windows } = tokens;
  const picks = pickWindows(plan.windows, options.slices, options.budget, options.seed);
  const progress = createProgress(picks.length, options.onProgress);
  const rows = Math.min(plan.rows.window, plan.rows.tokens);
  const cols = Math.min(plan.cols.window, plan.cols.tokens);
  const parts = await Promise.all(
    picks.map(async ({ t, z, window }) => {
      const slice = [
        ...(axisIndex(tokens.axes, 't') < 0 ? [] : [t]),
        ...(axisIndex(tokens.axes, 'z') < 0 ? [] : [z]),
      ];
      const at = [...slice, Math.floor(window / plan.cols.count), window % plan.cols.count, 0];
      const chunk = await urgently(windows).getChunk(at, options.signal ? { signal: options.signal } : {});
      const dim = chunk.shape.at(-1)!;
      progress.step();
      return concatenate(
        Array.from({ length: rows }, (_, row) => {
          const begin = row * plan.cols.window * dim;
          return chunk.data.subarray(begin, begin + cols * dim);
        }),
      );
    }),
  );
  return concatenate(parts);
}
