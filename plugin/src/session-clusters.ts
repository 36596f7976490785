import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { paletteColor } from './session-colors.ts';
import { defaultSeed, type SessionFits } from './session-fits.ts';
import { allSlices } from './session-image.ts';
import type { Layers } from './session-layers.ts';
import type { ScoreLayers } from './session-scores.ts';
import type { Layer } from './session-types.ts';
import type { RunTask } from './session-work.ts';

export interface ClustersContext {
  readonly image: () => OmeImage;
  readonly layers: Layers;
  readonly scores: ScoreLayers;
  readonly fits: SessionFits;
  readonly ready: () => Promise<Pipeline>;
  readonly run: RunTask;
}

/** What the transformer's tokens show without strokes: colours and clusters. */
export class Clusters {
  readonly #context: ClustersContext;

  constructor(context: ClustersContext) {
    this.#context = context;
  }

  /** Feature colours, on every level of the image. */
  pca({ signal }: { readonly signal?: AbortSignal }): Promise<Layer> {
    const { image, layers, fits, ready, run } = this.#context;
    return run('Fitting feature colours', signal, async (work) => {
      const pipeline = await ready();
      const fit = await fits.basis(pipeline, work);
      const levels = await Promise.all(
        image().levels.map(async (_, imageLevel) => ({
          pixels: await pipeline.pca(fit, imageLevel),
          imageLevel,
        })),
      );
      return layers.add({
        ...{ name: 'Features', kind: 'pca', levels, fit },
        ...{ colors: new Map(), names: new Map() },
      });
    });
  }

  fit({
    k,
    seed = defaultSeed,
    ...options
  }: {
    readonly k: number;
    readonly level?: number;
    readonly seed?: number;
    readonly signal?: AbortSignal;
  }): Promise<Layer> {
    const { image, scores, fits, ready, run } = this.#context;
    return run(`Clustering into ${k}`, options.signal, async (work) => {
      const pipeline = await ready();
      const level = options.level ?? (await fits.defaultLevel(pipeline, work));
      const fit = await pipeline.fitClusters({ k, level, seed, slices: allSlices(image()), ...work });
      const ids = Array.from({ length: k }, (_, index) => index + 1);
      return scores.add(pipeline, {
        scores: await pipeline.clusterScores(fit, level),
        strokes: [],
        method: { kind: 'kmeans', k, seed },
        name: `Clusters (${k})`,
        kind: 'clusters',
        imageLevel: level,
        fit,
        colors: new Map(ids.map((id) => [id, paletteColor(id)])),
        names: new Map(ids.map((id) => [id, `Cluster ${id}`])),
      });
    });
  }
}
