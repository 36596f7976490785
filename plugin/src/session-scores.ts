import type { LabelType, LazyArray } from './array/lazy-array.ts';
import type { Normalisation } from './encoder/encoder.ts';
import { type ClusterGroups, mergedLabels } from './features/merge-clusters.ts';
import type { ProvenanceFacts } from './labels/provenance.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { labelChunkPx, pixelGrid } from './pipeline/pixel-grid.ts';
import type { Place } from './segment/match-pixel-size.ts';
import type { Stroke } from './segment/types.ts';
import type { LayerParts, Layers } from './session-layers.ts';
import type { OpenedRegion } from './session-region.ts';
import { type Savable, scoresProvenance } from './session-saving.ts';
import type { Layer } from './session-types.ts';

/** What saving a layer needs and drawing it does not. */
export interface ScoresParts {
  readonly scores: LazyArray<'float32'>;
  readonly imageLevel: number;
  /** What it was trained on. */
  readonly strokes: readonly Stroke[];
  readonly method: NonNullable<ProvenanceFacts['method']>;
  readonly factor?: Place['factor'];
  readonly normalisation?: Normalisation;
  /** Which ids of the scores are one id of the layer; absent: each its own. */
  readonly groups?: ClusterGroups;
}

/** A layer to be made of scores, shown at their level and, meanwhile, by what is quicker. */
type ShownScores = ScoresParts & Omit<LayerParts, 'levels'> & { readonly quicker?: Layer['levels'] };

export interface ScoresContext {
  readonly image: () => OmeImage;
  readonly layers: Layers;
  readonly region: () => OpenedRegion | null;
  readonly ready: () => Promise<Pipeline>;
}

/** Layers whose ids are those of the largest score: segmentations and clusterings, inside the region only. */
export class ScoreLayers {
  readonly #context: ScoresContext;
  readonly #parts = new Map<string, ScoresParts>();

  constructor(context: ScoresContext) {
    this.#context = context;
  }

  /** What a layer was made of; undefined for layers of another make. */
  partsOf({ id }: Layer): ScoresParts | undefined {
    return this.#parts.get(id);
  }

  async add(
    pipeline: Pick<Pipeline, 'labels'>,
    {
      scores,
      strokes,
      imageLevel,
      method,
      factor,
      normalisation,
      groups,
      quicker = [],
      ...shown
    }: ShownScores,
  ): Promise<Layer> {
    const { image, layers, region } = this.#context;
    const grid = pixelGrid(image().pixels[imageLevel]!);
    const everywhere = united(await pipeline.labels(scores, grid, labelChunkPx), groups);
    const pixels = region()?.labels(everywhere, imageLevel) ?? everywhere;
    const layer = layers.add({ ...shown, levels: [{ pixels, imageLevel }, ...quicker] });
    this.#parts.set(layer.id, {
      ...{ scores, imageLevel, strokes, method },
      ...(factor === undefined ? {} : { factor }),
      ...(normalisation === undefined ? {} : { normalisation }),
      ...(groups === undefined ? {} : { groups }),
    });
    return layer;
  }

  forget(id: string): void {
    this.#parts.delete(id);
  }

  /** The region has changed: what is there already, inside it only. */
  async showRegion(): Promise<void> {
    if (this.#parts.size === 0) return;
    const { layers, ready } = this.#context;
    const pipeline = await ready();
    for (const [id, parts] of [...this.#parts]) {
      const layer = layers.list.find((candidate) => candidate.id === id);
      if (layer !== undefined) await this.add(pipeline, { ...layer, ...parts });
    }
  }

  /** Ids at the image's finest level, inside the region only. */
  async fullLabels({ scores, groups }: ScoresParts): Promise<LazyArray<LabelType>> {
    const { image, region, ready } = this.#context;
    const pipeline = await ready();
    const grid = pixelGrid(image().pixels[0]!);
    const everywhere = united(await pipeline.labels(scores, grid, labelChunkPx), groups);
    return region()?.labels(everywhere, 0) ?? everywhere;
  }

  /** What a layer holds to be saved; null for layers of another make. */
  async savable(layer: Layer): Promise<Savable | null> {
    const parts = this.partsOf(layer);
    if (parts === undefined) return null;
    const { image, region, ready } = this.#context;
    const pipeline = await ready();
    const facts = { image: image(), layer, pipeline, region: region()?.region ?? null, ...parts };
    return {
      labels: await this.fullLabels(parts),
      maxId: Math.max(0, ...layer.names.keys()),
      provenance: scoresProvenance(facts),
    };
  }
}

function united<T extends 'uint8' | 'uint16'>(
  labels: LazyArray<T>,
  groups: ClusterGroups | undefined,
): LazyArray<T> {
  return groups === undefined ? labels : mergedLabels(labels, groups);
}
