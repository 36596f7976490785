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

/** What a save of a layer is made from. */
interface SaveParts {
  readonly image: OmeImage;
  readonly layer: Layer;
  /** At full resolution. */
  readonly labels: LazyArray<LabelType>;
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
  { image, layer, labels, pipeline, strokes, imageLevel, method, factor, normalisation, region }: SaveParts,
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
    maxId: Math.max(0, ...layer.names.keys()),
    classes: [...layer.names].map(([id, name]) => ({
      id,
      name,
      color: formatHexColor(layer.colors.get(id) ?? paletteColor(id)),
    })),
    provenance: {
      model: pipeline.model,
      normalisation: normalisation ?? pipeline.normalisation,
      executionProvider: pipeline.provider.chosen,
      fit: layer.fit === null ? null : { kind: layer.fit.kind, id: layer.fit.id, source: layer.fit.source },
      strokes,
      level: imageLevel,
      imageMetadataSha256: image.metadataHash,
      method,
      ...(factor === undefined ? {} : { factor }),
      ...(region?.kind === 'labels' ? { mask: region.name } : {}),
      ...(region?.kind === 'area' ? { region: { rings: region.rings } } : {}),
      slices: allSlices(image),
    },
  };
}
