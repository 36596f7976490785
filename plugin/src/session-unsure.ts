import type { DataType, LazyArray } from './array/lazy-array.ts';
import { wrapped } from './array/wrapped.ts';
import { AlibiError } from './errors.ts';
import { heatColor } from './features/heat.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { scaleAlong } from './segment/feature-source.ts';
import { nearPx, nearStrokes, strokesPerClass } from './segment/near-strokes.ts';
import type { OpenedClassifier } from './segment/portable.ts';
import { type Suggestion, suggestPlaces } from './segment/suggest-places.ts';
import type { UncertaintyKind } from './segment/uncertainty.ts';
import { allSlices } from './session-image.ts';
import type { Layers } from './session-layers.ts';
import type { Painting } from './session-painting.ts';
import type { OpenedRegion } from './session-region.ts';
import type { ScoreLayers, ScoresParts } from './session-scores.ts';
import type { Layer, SuggestPlacesOptions } from './session-types.ts';
import type { RunTask } from './session-work.ts';

export interface UnsureContext {
  readonly image: () => OmeImage;
  readonly layers: Layers;
  readonly scores: ScoreLayers;
  readonly painting: Pick<Painting, 'strokes' | 'classes'>;
  readonly classifier: () => OpenedClassifier | null;
  readonly region: () => OpenedRegion | null;
  readonly ready: () => Promise<Pipeline>;
  readonly run: RunTask;
}

/** Where the classifier of the present strokes is unsure: as a layer, and as places to label next. */
export class Unsure {
  readonly #context: UnsureContext;

  constructor(context: UnsureContext) {
    this.#context = context;
  }

  layer({
    kind = 'margin',
    signal,
  }: {
    readonly kind?: UncertaintyKind;
    readonly signal?: AbortSignal;
  }): Promise<Layer> {
    const { layers, classifier, region, ready, run } = this.#context;
    return run('Finding where it is unsure', signal, async () => {
      const pipeline = await ready();
      const { parts, active } = this.#classScores();
      const everywhere = await pipeline.uncertainty(parts.scores, kind, active);
      const pixels = region()?.labels(everywhere, parts.imageLevel) ?? everywhere;
      return layers.add({
        name: kind === 'margin' ? 'Uncertainty (margin)' : 'Uncertainty (entropy)',
        kind: 'uncertainty',
        levels: [{ pixels, imageLevel: parts.imageLevel }],
        fit: classifier()?.fit ?? null,
        colors: heatColors,
        names: new Map(),
      });
    });
  }

  suggest(options: SuggestPlacesOptions): Promise<readonly Suggestion[]> {
    const { image, region, run, painting } = this.#context;
    return run('Looking where to label next', options.signal, async ({ signal }) => {
      const { parts } = this.#classScores();
      const finest = image().pixels[0]!;
      const level = image().pixels[parts.imageLevel]!;
      const place = (at: Suggestion): Suggestion => inFinest(at, level, finest);
      const { strokes, classes } = painting;
      const isPainted = nearStrokes(strokes, (nearPx * scaleAlong(level, 'x')) / scaleAlong(finest, 'x'));
      let best: readonly Suggestion[] = [];
      const { count, chunkLimit, isSettled } = options;
      const scores = region()?.scores(parts.scores, parts.imageLevel) ?? parts.scores;
      const lists = suggestPlaces(inBackground(scores), {
        count,
        strokesPerClass: strokesPerClass(strokes, classes.length),
        slices: allSlices(image()),
        isPainted: (at) => isPainted(place({ ...at, uncertainty: 0 })),
        ...(isSettled === undefined
          ? {}
          : { isSettled: (at) => isSettled(place({ ...at, uncertainty: 0 })) }),
        ...(chunkLimit === undefined ? {} : { chunkLimit }),
        signal,
      });
      for await (const list of lists) {
        best = list.map(place);
        options.onList?.(best);
      }
      return best;
    });
  }

  /** @throws AlibiError InvalidInput  nothing is trained, or strokes have changed since */
  #classScores(): { readonly parts: ScoresParts; readonly active: number } {
    const { layers, scores } = this.#context;
    const classifier = this.#context.classifier();
    const layer = layers.list.find(({ kind, outdated }) => kind === 'classes' && !outdated);
    const parts = layer === undefined ? undefined : scores.partsOf(layer);
    if (parts !== undefined && classifier !== null) {
      return { parts, active: classifier.fit.counts.filter((count) => count > 0).length };
    }
    throw new AlibiError('InvalidInput', {
      what: 'there is no classifier of the present strokes',
      where: 'session',
      remedy: 'Paint a stroke of each of two classes and wait for the segmentation.',
    });
  }
}

/** Uncertainty 1 to 255 from dark violet to yellow; 0, sure, is not drawn. */
const heatColors: Layer['colors'] = new Map(
  Array.from({ length: 255 }, (_, i) => [i + 1, heatColor((i + 1) / 255)] as const),
);

/** The same array behind everything on screen: what nobody is looking at can wait. */
function inBackground<T extends DataType>(lazy: LazyArray<T>): LazyArray<T> {
  const later = () => 1e9;
  return wrapped(lazy, (index, options) => lazy.getChunk(index, { ...options, priority: later }));
}

/** A place of a level in pixels of the finest one. */
function inFinest(at: Suggestion, level: LazyArray, finest: LazyArray): Suggestion {
  const ratio = (name: string) => scaleAlong(level, name) / scaleAlong(finest, name);
  return { ...at, y: at.y * ratio('y'), x: at.x * ratio('x'), z: Math.floor(at.z * ratio('z')) };
}
