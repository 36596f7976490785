import { fitId } from './array/fit.ts';
import type { LabelType, LazyArray } from './array/lazy-array.ts';
import type { Normalisation } from './encoder/encoder.ts';
import { AlibiError } from './errors.ts';
import type { MaterializeInput } from './labels/materialize.ts';
import type { ProvenanceFacts } from './labels/provenance.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { Place } from './segment/match-pixel-size.ts';
import type { Stroke } from './segment/types.ts';
import { formatHexColor, paletteColor } from './session-colors.ts';
import { allSlices } from './session-image.ts';
import type { RegionOfInterest } from './session-region.ts';
import type { Layer, SaveOptions, SaveTarget } from './session-types.ts';
import { isWritable } from './stores/store.ts';

/** What a layer holds to be saved. */
export interface Savable {
  /** Of the size of one level of the image. */
  readonly labels: LazyArray<LabelType>;
  /** Largest id there can be. */
  readonly maxId: number;
  readonly provenance: ProvenanceFacts;
}

/** What a layer made from scores knows of how it was made. */
interface ScoresFacts {
  readonly image: OmeImage;
  readonly layer: Layer;
  readonly pipeline: Pipeline;
  readonly strokes: readonly Stroke[];
  readonly imageLevel: number;
  readonly method: NonNullable<ProvenanceFacts['method']>;
  /** The level was resampled: new pixels per pixel. */
  readonly factor?: Place['factor'];
  /** What the transformer saw; default: the pipeline's own. */
  readonly normalisation?: Normalisation;
  readonly region: RegionOfInterest | null;
}

/** Where a layer goes unless a target is given: the image itself, else its sidecar. */
export function ownTarget(image: OmeImage, sidecar: SaveTarget | undefined): SaveTarget {
  const { store, path, location } = image;
  if (isWritable(store)) return { store, path, location };
  if (sidecar !== undefined) return sidecar;
  throw new AlibiError('PermissionDenied', {
    what: 'the image cannot be written to',
    where: location,
    remedy: 'Choose a folder or the browser storage as the target.',
  });
}

/** A layer of a session as labels to save. */
export function saveInput(
  { image, layer, labels, maxId, provenance }: Savable & { readonly image: OmeImage; readonly layer: Layer },
  target: SaveTarget,
  options: SaveOptions,
): MaterializeInput {
  const { version, sharded, compression, overwrite = false, resume = false, keepReplaced = false } = options;
  return {
    labels,
    image,
    target: target.store,
    targetPath: target.path,
    ...(target.place === undefined ? {} : { place: target.place }),
    name: options.name,
    overwrite,
    resume,
    keepReplaced,
    ...(version === undefined ? {} : { version }),
    ...(sharded === undefined ? {} : { sharded }),
    ...(compression === undefined ? {} : { compression }),
    maxId,
    classes: [...layer.names].map(([id, name]) => ({
      id,
      name,
      color: formatHexColor(layer.colors.get(id) ?? paletteColor(id)),
    })),
    provenance,
  };
}

/** How a segmentation or a clustering came about. */
export function scoresProvenance({
  image,
  layer,
  pipeline,
  strokes,
  imageLevel,
  method,
  factor,
  normalisation,
  region,
}: ScoresFacts): ProvenanceFacts {
  return {
    model: pipeline.model,
    normalisation: normalisation ?? pipeline.normalisation,
    executionProvider: pipeline.provider.chosen,
    fit: fitFacts(layer),
    strokes,
    level: imageLevel,
    imageMetadataSha256: image.metadataHash,
    method,
    ...(factor === undefined ? {} : { factor }),
    ...(region?.kind === 'labels' ? { mask: region.name } : {}),
    ...(region?.kind === 'area' ? { region: { rings: region.rings } } : {}),
    slices: allSlices(image),
  };
}

/** How labels came about that were made of other labels: the fit tells. */
export function objectsProvenance(image: OmeImage, layer: Layer): ProvenanceFacts {
  return {
    model: null,
    normalisation: null,
    executionProvider: null,
    fit: fitFacts(layer),
    strokes: [],
    imageMetadataSha256: image.metadataHash,
    slices: allSlices(image),
  };
}

/**
 * How labels came about that were edited by hand: as what they were made of, which cannot be done again from what is stored.
 *
 * @param edits  number of changes, undone ones included
 */
export async function editedProvenance(
  image: OmeImage,
  origin: Layer,
  made: ProvenanceFacts,
  edits: number,
): Promise<ProvenanceFacts> {
  const { method: _, ...facts } = made;
  const source = { labels: origin.name, made: made.fit === null ? null : { ...made.fit }, edits };
  const id = await fitId({ ...source, image: image.metadataHash });
  return { ...facts, fit: { kind: 'edited', id, source } };
}

function fitFacts({ fit }: Layer): ProvenanceFacts['fit'] {
  return fit === null ? null : { kind: fit.kind, id: fit.id, source: fit.source };
}
