import { AlibiError } from './errors.ts';
import { joinGroups, type MergedFit, mergeClusters } from './features/merge-clusters.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { paletteColor } from './session-colors.ts';
import type { Layers } from './session-layers.ts';
import type { Painting } from './session-painting.ts';
import type { ScoreLayers } from './session-scores.ts';
import { paintSeeds, type SeedPlaces } from './session-seeds.ts';
import type { Layer } from './session-types.ts';
import type { RunTask } from './session-work.ts';

/** What is done with clusters once they are there. */
export interface SessionClustering {
  /**
   * Make several clusters one: a new layer with a fit of its own in the place of the old one. The merged cluster has the first
   * one's colour and, unless told, the names of all; ids are counted anew.
   *
   * @throws AlibiError InvalidInput  not a layer of clusters, fewer than two of them, or one that there is not
   */
  merge(
    layer: Layer,
    ids: readonly number[],
    options?: { readonly name?: string; readonly signal?: AbortSignal },
  ): Promise<Layer>;
  /** Another name for a cluster: it is saved with the labels. @throws AlibiError InvalidInput  there is no such cluster */
  rename(layer: Layer, id: number, name: string): void;
  /**
   * Put small strokes well inside a cluster, spread over an area, where nobody has painted: seeds for a classifier, one step for
   * undo.
   *
   * @param options.classIndex  the class they are of; null adds one with the cluster's name and colour
   * @returns                   the class, and the number of strokes
   * @throws AlibiError InvalidInput  no such cluster or class, or no such place
   */
  useAsStrokes(
    layer: Layer,
    id: number,
    options: SeedPlaces & { readonly classIndex: number | null; readonly signal?: AbortSignal },
  ): Promise<{ readonly classIndex: number; readonly strokes: number }>;
}

export interface ClusteringContext {
  readonly image: () => OmeImage;
  readonly layers: Pick<Layers, 'change'>;
  readonly scores: Pick<ScoreLayers, 'partsOf' | 'add'>;
  readonly painting: Pick<Painting, 'classes' | 'strokes' | 'addClass' | 'addAll'>;
  readonly ready: () => Promise<Pick<Pipeline, 'labels'>>;
  readonly run: RunTask;
}

export class Clustering implements SessionClustering {
  readonly #context: ClusteringContext;

  constructor(context: ClusteringContext) {
    this.#context = context;
  }

  async merge(
    layer: Layer,
    ids: readonly number[],
    { name, signal }: { readonly name?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Layer> {
    const { scores, ready, run } = this.#context;
    return run('Merging clusters', signal, async (work) => {
      const parts = scores.partsOf(layer);
      const { fit, colors, names } = layer;
      if (parts === undefined || parts.method.kind !== 'kmeans' || fit === null) throw notClusters(layer);
      const before = parts.groups ?? Array.from({ length: parts.method.k }, (_, index) => [index + 1]);
      const groups = joinGroups(before, ids);
      const merged = await mergeClusters(isMerged(fit) ? fit.of : fit, groups);
      const pipeline = await ready();
      work.signal.throwIfAborted();
      const joined = [...new Set(ids)].sort((a, b) => a - b);
      const kept = keptIds(before.length, joined);
      const allNames = joined.map((id) => names.get(id) ?? `Cluster ${id}`).join(' + ');
      return scores.add(pipeline, {
        ...parts,
        name: `Clusters (${groups.length})`,
        kind: 'clusters',
        fit: merged,
        groups,
        method: { ...parts.method, merged: groups.map((group) => [...group]) },
        colors: new Map(kept.map((old, index) => [index + 1, colors.get(old) ?? paletteColor(old)])),
        names: new Map(
          kept.map((old, index) => [
            index + 1,
            old === joined[0] ? (name ?? allNames) : (names.get(old) ?? `Cluster ${old}`),
          ]),
        ),
      });
    });
  }

  rename({ id: layerId, ...layer }: Layer, id: number, name: string): void {
    assertCluster(layer, id);
    this.#context.layers.change(
      (one) => one.id === layerId,
      (one) => ({ ...one, names: new Map(one.names).set(id, name) }),
    );
  }

  async useAsStrokes(
    layer: Layer,
    id: number,
    { classIndex, signal, ...places }: Parameters<SessionClustering['useAsStrokes']>[2],
  ): Promise<{ readonly classIndex: number; readonly strokes: number }> {
    const { image, painting, run } = this.#context;
    return run('Putting strokes into a cluster', signal, async (work) => {
      assertCluster(layer, id);
      const spec = {
        name: layer.names.get(id) ?? `Cluster ${id}`,
        color: layer.colors.get(id) ?? paletteColor(id),
      };
      return paintSeeds({ layer, id, image: image(), painting, classIndex, spec }, places, work);
    });
  }
}

/** The ids that are left, old ones in the new order. */
function keptIds(count: number, [, ...gone]: readonly number[]): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((id) => !gone.includes(id));
}

function isMerged(fit: Layer['fit'] & object): fit is MergedFit {
  return fit.kind === 'merged';
}

function assertCluster(layer: Pick<Layer, 'kind' | 'name' | 'names'>, id: number): void {
  if (layer.kind === 'clusters' && layer.names.has(id)) return;
  throw layer.kind === 'clusters' ? noCluster(layer, id) : notClusters(layer);
}

function noCluster({ name, names }: Pick<Layer, 'name' | 'names'>, id: number): AlibiError {
  return invalid(`there is no cluster ${id}`, name, `Name one of the clusters 1 to ${names.size}.`);
}

function notClusters({ name }: Pick<Layer, 'name'>): AlibiError {
  return invalid(`the layer "${name}" holds no clusters`, 'clusters', 'Cluster the image first.');
}

function invalid(what: string, where: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where, remedy });
}
