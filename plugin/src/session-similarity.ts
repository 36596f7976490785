import { AlibiError } from './errors.ts';
import type { SimilarityFit } from './features/fits.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline, Prompt } from './pipeline/pipeline.ts';
import { labelChunkPx, pixelGrid } from './pipeline/pixel-grid.ts';
import { paletteColor } from './session-colors.ts';
import type { SessionFits } from './session-fits.ts';
import type { Layers } from './session-layers.ts';
import type { Painting } from './session-painting.ts';
import type { OpenedRegion } from './session-region.ts';
import { paintSeeds, type SeedPlaces } from './session-seeds.ts';
import type { Layer } from './session-types.ts';
import type { RunTask } from './session-work.ts';

export type { Prompt } from './pipeline/pipeline.ts';

/** "More like this": places are pointed at, and everything is coloured by how like them it is. */
export interface SessionSimilarity {
  readonly prompts: readonly Prompt[];
  /**
   * Point at these places, and no others: a layer takes the place of the one before, and no place takes it away.
   *
   * @param options.level  of the image, that the tokens are of; default: as for clusters
   * @returns  null where nothing is pointed at that is looked for
   */
  point(
    prompts: readonly Prompt[],
    options?: { readonly level?: number; readonly signal?: AbortSignal },
  ): Promise<Layer | null>;
  /**
   * Put small strokes well inside what is like the prompts, as `clustering.useAsStrokes` does inside a cluster.
   *
   * @param options.least  a similarity (1 at a prompt). Default 0.5
   * @throws AlibiError InvalidInput  nothing is pointed at, no such class, or no such place
   */
  useAsStrokes(
    options: SeedPlaces & {
      readonly classIndex: number | null;
      readonly least?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<{ readonly classIndex: number; readonly strokes: number }>;
}

export interface SimilarityContext {
  readonly image: () => OmeImage;
  readonly layers: Layers;
  readonly fits: SessionFits;
  readonly painting: Pick<Painting, 'classes' | 'strokes' | 'addClass' | 'addAll'>;
  readonly region: () => OpenedRegion | null;
  readonly ready: () => Promise<Pipeline>;
  readonly run: RunTask;
  readonly changed: () => void;
}

interface Shown {
  readonly fit: SimilarityFit;
  readonly level: number;
  readonly prompts: readonly Prompt[];
}

const similarId = 1;
const defaultLeast = 0.5;

export class Similarity implements SessionSimilarity {
  readonly #context: SimilarityContext;
  #prompts: readonly Prompt[] = [];
  /** What the layer shows. */
  #shown: Shown | null = null;
  /** Another click is another question: the one before needs no answer. */
  #asking: AbortController | null = null;

  constructor(context: SimilarityContext) {
    this.#context = context;
  }

  get prompts(): readonly Prompt[] {
    return this.#prompts;
  }

  async point(
    prompts: readonly Prompt[],
    options: { readonly level?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Layer | null> {
    const { layers, fits, ready, run, changed } = this.#context;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#prompts = prompts;
    changed();
    if (!prompts.some(({ isLike }) => isLike)) {
      this.#shown = null;
      layers.dropKind('similarity');
      return null;
    }
    const signal = options.signal ? AbortSignal.any([options.signal, asking.signal]) : asking.signal;
    this.#fade(true);
    return run('Looking for what is alike', signal, async (work) => {
      const pipeline = await ready();
      const level = options.level ?? (await fits.defaultLevel(pipeline, work));
      const { mean } = await fits.basis(pipeline, work);
      const fit = await pipeline.fitSimilarity({ prompts, level, mean, signal: work.signal });
      return this.#show(pipeline, { fit, level, prompts }, work.signal);
    }).catch((error: unknown) => {
      // Cancelled or failed, and not for another question: what is shown holds again.
      if (this.#asking === asking) {
        this.#prompts = this.#shown?.prompts ?? [];
        this.#fade(false);
        changed();
      }
      throw error;
    });
  }

  /** The region has changed: the layer that is there, inside it only. */
  async showRegion(): Promise<void> {
    if (this.#shown !== null) await this.#show(await this.#context.ready(), this.#shown);
  }

  async #show(pipeline: Pipeline, shown: Shown, signal?: AbortSignal): Promise<Layer> {
    const { layers, region } = this.#context;
    const { fit, level } = shown;
    const everywhere = await pipeline.similarity(fit, level);
    signal?.throwIfAborted();
    this.#shown = shown;
    const pixels = region()?.colors(everywhere, level) ?? everywhere;
    return layers.add({
      ...{ name: 'Similarity', kind: 'similarity', levels: [{ pixels, imageLevel: level }], fit },
      ...{ colors: new Map(), names: new Map() },
    });
  }

  /** The layer of other places than those that are pointed at now is not shown as if it were theirs. */
  #fade(outdated: boolean): void {
    this.#context.layers.change(
      ({ kind }) => kind === 'similarity',
      (layer) => ({ ...layer, outdated }),
    );
  }

  /** The layer was taken off the list: nothing is pointed at any more. */
  layerRemoved(): void {
    this.#asking?.abort();
    this.#prompts = [];
    this.#shown = null;
    this.#context.changed();
  }

  useAsStrokes({
    classIndex,
    least = defaultLeast,
    signal,
    ...places
  }: Parameters<SessionSimilarity['useAsStrokes']>[0]): ReturnType<SessionSimilarity['useAsStrokes']> {
    const { image, painting, region, ready, run } = this.#context;
    return run('Putting strokes into what is alike', signal, async (work) => {
      const shown = this.#shown;
      if (shown === null) throw nothingShown();
      const pipeline = await ready();
      const scores = await pipeline.similarityScores(shown.fit, shown.level, least);
      const grid = pixelGrid(image().pixels[shown.level]!);
      const everywhere = await pipeline.labels(scores, grid, labelChunkPx);
      const pixels = region()?.labels(everywhere, shown.level) ?? everywhere;
      const name = `what is at least ${Math.round(100 * least)} % alike`;
      const layer = {
        name: 'Similarity',
        levels: [{ pixels, imageLevel: shown.level }],
        names: new Map([[similarId, name]]),
      };
      const spec = { name: 'Alike', color: paletteColor(1) };
      return paintSeeds({ layer, id: similarId, image: image(), painting, classIndex, spec }, places, work);
    });
  }
}

function nothingShown(): AlibiError {
  return new AlibiError('InvalidInput', {
    what: 'nothing is pointed at that is looked for',
    where: 'similarity',
    remedy: 'Click on what you look for first.',
  });
}
