import { sha256 } from './array/fit.ts';
import { axisIndex } from './array/lazy-array.ts';
import { AlibiError } from './errors.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { classifierOnnx } from './segment/classifier-onnx.ts';
import { matchPixelSize, type Place } from './segment/match-pixel-size.ts';
import { type OpenedClassifier, readClassifier, writeClassifier } from './segment/portable.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';

/** A classifier as the files it is saved as. */
export interface ClassifierFiles {
  /** Under `schemas/src/classifier.schema.json`; the command line reads it. */
  readonly json: string;
  /** `features` [N, F] to `probabilities` [N, K] and `label` [N]. */
  readonly onnx: Uint8Array<ArrayBuffer>;
}

/** A classifier of a file, and where it fits an image. */
export interface ImportedClassifier {
  readonly opened: OpenedClassifier;
  readonly place: Place;
  readonly method: { readonly kind: 'classifier'; readonly location: string; readonly sha256: string };
}

/** @throws AlibiError InvalidInput  nothing is trained, or strokes have changed since */
export function classifierFiles(
  classifier: OpenedClassifier | null,
  { isOutdated }: { readonly isOutdated: boolean },
): ClassifierFiles {
  if (classifier === null || isOutdated) {
    throw new AlibiError('InvalidInput', {
      what: 'there is no classifier of the present strokes',
      where: 'session',
      remedy: 'Paint a stroke of each of two classes and wait for the segmentation.',
    });
  }
  return {
    json: `${JSON.stringify(writeClassifier(classifier))}\n`,
    onnx: classifierOnnx(classifier.fit),
  };
}

/**
 * A classifier's file, held against what is open.
 *
 * @param text  of the JSON
 * @throws AlibiError InvalidInput  it is no classifier, of another checkpoint or of channels that the image lacks; its classes are
 *                                  not those that strokes name; or the image's pixels do not fit
 */
export async function importClassifier(
  text: string,
  where: string,
  {
    image,
    pipeline,
    painted,
  }: {
    readonly image: OmeImage;
    readonly pipeline: Pick<Pipeline, 'graphs' | 'model'>;
    readonly painted: { readonly classes: readonly ClassSpec[]; readonly strokes: readonly Stroke[] };
  },
): Promise<ImportedClassifier> {
  const opened = await readClassifier(parseJson(text, where), where);
  assertCheckpoint(opened, pipeline, where);
  assertChannels(opened, image, where);
  assertClasses(opened, painted, where);
  const place = matchPixelSize(image.pixels, opened.fit);
  const hash = await sha256(new TextEncoder().encode(text));
  return { opened, place, method: { kind: 'classifier', location: where, sha256: hash } };
}

/** @throws AlibiError InvalidInput  it is no JSON */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: 'it is no JSON',
      where,
      remedy: 'Give a .json file that alibi-zarr wrote.',
      cause,
    });
  }
}

function assertCheckpoint(
  { model }: OpenedClassifier,
  { graphs, model: open }: Pick<Pipeline, 'graphs' | 'model'>,
  where: string,
): void {
  if (model === null || graphs.includes(model.sha256)) return;
  throw new AlibiError('InvalidInput', {
    what: `it was trained with the checkpoint ${model.name} (sha256 ${model.sha256.slice(0, 12)}…), and ${open.name} is open`,
    where,
    remedy: 'Open the image with that checkpoint, or train here.',
  });
}

function assertChannels({ fit }: OpenedClassifier, image: OmeImage, where: string): void {
  const count = image.levels[0]?.shape[axisIndex(image.axes, 'c')] ?? 1;
  const used = [...fit.normalisation.channels, ...(fit.recipe.classical?.normalisation.channels ?? [])];
  const missing = used.find((channel) => channel >= count);
  if (missing === undefined) return;
  throw new AlibiError('InvalidInput', {
    what: `it reads channel ${missing}, and the image has ${count === 1 ? 'one channel' : `channels 0 to ${count - 1}`}`,
    where,
    remedy: 'Use an image with the same channels, or train here.',
  });
}

function assertClasses(
  { fit }: OpenedClassifier,
  { classes, strokes }: { readonly classes: readonly ClassSpec[]; readonly strokes: readonly Stroke[] },
  where: string,
): void {
  const names = (list: readonly ClassSpec[]) => list.map(({ name }) => name).join(', ');
  if (strokes.length === 0 || names(fit.classes) === names(classes)) return;
  throw new AlibiError('InvalidInput', {
    what: `its classes are ${names(fit.classes)}, and there are strokes of ${names(classes)}`,
    where,
    remedy: 'Save the strokes and remove them first.',
  });
}
