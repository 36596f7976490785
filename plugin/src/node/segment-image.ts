import type { LabelProvenance, SegmentOutput } from 'alibi-zarr-schemas';
import type { LabelType, LazyArray } from '../array/lazy-array.ts';
import { describePlan } from '../labels/describe-plan.ts';
import { masked } from '../labels/masked.ts';
import type { MaterializeInput } from '../labels/materialize.ts';
import { onlySlices } from '../labels/slices.ts';
import type { LabelClass } from '../ome/write.ts';
import { labelChunkPx, pixelGrid } from '../pipeline/pixel-grid.ts';
import type { Place } from '../segment/match-pixel-size.ts';
import type { OpenedClassifier } from '../segment/portable.ts';
import { featureCount } from '../segment/recipe.ts';
import type { Stroke } from '../segment/types.ts';
import { assertClassifierPlace, writeClassifierFiles } from './classifier-file.ts';
import { applyFile, learnProject, learnScribbles, locationOf, type OpenedProject } from './classify.ts';
import { clusterTokens } from './clusters.ts';
import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import { openLabelSource } from './label-source.ts';
import { labelLevelOf } from './level.ts';
import type { ModelKeeper } from './model-keeper.ts';
import { modelOutput, normalisationOutput, type Work } from './open-work.ts';
import { encodingOf } from './save-flags.ts';
import { assertNoneInterrupted, type Kept, saveLabels } from './save-labels.ts';
import { saveTargetOf } from './save-target.ts';
import { writeProbabilities } from './write-probabilities.ts';

/** What labels are made with. */
export type Segmenting =
  | { readonly kind: 'kmeans'; readonly k: number }
  | { readonly kind: 'scribbles' }
  | { readonly kind: 'classifier'; readonly path: string; readonly opened: OpenedClassifier }
  | { readonly kind: 'project'; readonly opened: OpenedProject };

export interface SegmentRequest {
  readonly segmenting: Segmenting;
  readonly name: string;
  readonly flags: Flags;
  readonly command: string;
  readonly models: ModelKeeper;
  /** Where labels go below `--out`: a field of a plate keeps its path. */
  readonly below: string;
  /** Told how much of the save is finished. */
  readonly kept: Kept;
}

/** Scores of an image with what is told of them. */
export interface Scored {
  readonly scores: LazyArray<'float32'>;
  readonly classes: readonly LabelClass[];
  readonly fit: NonNullable<MaterializeInput['provenance']['fit']>;
  readonly counts: readonly number[];
  readonly place: Place;
  readonly strokes: readonly Stroke[];
  readonly method: NonNullable<LabelProvenance['method']>;
  /** Absent: clusters. */
  readonly classifier?: OpenedClassifier;
}

/** Segment one open image and save the result. */
export async function segmentImage(work: Work, request: SegmentRequest, io: Io): Promise<SegmentOutput> {
  const startMs = performance.now();
  const { image, pipeline, slices, seed } = work;
  const { flags, name, command, kept } = request;
  const labelLevel = labelLevelOf(flags, image, command);
  const encoding = encodingOf(flags, command);
  const target = await saveTargetOf({ ...request, signal: io.signal }, work);
  await assertNoneInterrupted(flags, target, name);
  const outFile = flags.text('classifier-out');
  if (outFile !== undefined) await assertClassifierPlace(outFile, flags.has('overwrite'));
  const maskText = flags.text('mask');
  const mask =
    maskText === undefined ? undefined : await openLabelSource(maskText, image, slices, '--mask', io.signal);
  try {
    const scored = await scoresOf(work, request, mask?.ids, io);
    const grid = pixelGrid(image.pixels[labelLevel]!);
    const ids = await pipeline.labels(scored.scores, grid, labelChunkPx);
    const labels = onlySlices(mask === undefined ? ids : masked(ids, mask.ids), slices);
    const provenance = provenanceOf(work, scored, maskText);
    const input = { ...encoding, ...target.to, labels, image, maxId: scored.classes.length };
    const result = await saveLabels(
      target,
      { ...input, name, classes: scored.classes, provenance },
      { flags, io, kept },
    );
    const { version, compression, levels } = describePlan(input);
    const probabilities = flags.has('probabilities')
      ? await writeProbabilities(
          work,
          { ...target, name, scored, provenance, overwrite: flags.has('overwrite') },
          io,
        )
      : undefined;
    const files =
      outFile === undefined || scored.classifier === undefined
        ? undefined
        : await writeClassifierFiles(outFile, scored.classifier);
    return {
      location: target.label,
      name,
      method: request.segmenting.kind,
      k: scored.classes.length,
      seed,
      level: scored.place.level,
      ...(scored.place.factor === undefined ? {} : { factor: { ...scored.place.factor } }),
      labelLevel,
      dtype: labels.dtype,
      shape: [...labels.shape],
      version,
      codec: compression,
      chunks: [...levels[0]!.chunks],
      shards: levels[0]!.shards === null ? null : [...levels[0]!.shards],
      counts: [...scored.counts],
      classes: scored.classes.map((spec) => ({ ...spec })),
      fit: scored.fit.id,
      ...classifierOutput(scored.classifier),
      model: modelOutput(pipeline),
      normalisation: normalisationOutput(pipeline),
      z: [...slices.z],
      t: [...slices.t],
      written: result.written,
      skipped: result.skipped,
      resumed: result.resumed,
      objects: result.objects,
      bytes: result.bytes,
      conflictCheck: result.conflictCheck,
      validation: result.validation,
      ...(probabilities === undefined ? {} : { probabilities }),
      ...(files === undefined ? {} : { classifier: files }),
      seconds: (performance.now() - startMs) / 1000,
    };
  } finally {
    await mask?.close();
  }
}

function classifierOutput(classifier: OpenedClassifier | undefined): Partial<SegmentOutput> {
  if (classifier === undefined) return {};
  const { heldOut, recipe, source } = classifier.fit;
  const tried = Array.isArray(source.tried) ? source.tried : [];
  return {
    heldOut: heldOut === null ? null : { ...heldOut, confusion: heldOut.confusion.map((row) => [...row]) },
    features: featureCount(recipe),
    tried: tried.flatMap((entry: unknown) =>
      typeof entry === 'object' && entry !== null && 'what' in entry && 'meanIou' in entry
        ? [{ what: String(entry.what), meanIou: Number(entry.meanIou) }]
        : [],
    ),
  };
}

async function scoresOf(
  work: Work,
  { segmenting, flags, command, models }: SegmentRequest,
  mask: LazyArray<LabelType> | undefined,
  io: Io,
): Promise<Scored> {
  if (segmenting.kind === 'kmeans') {
    const { fit, scores, classes } = await clusterTokens(work, segmenting.k, io);
    return {
      scores,
      classes,
      fit: { kind: fit.kind, id: fit.id, source: fit.source },
      counts: fit.counts,
      place: { level: work.level },
      strokes: [],
      method: { kind: 'kmeans', k: segmenting.k, seed: work.seed },
    };
  }
  const { classifier, place, method, strokes } =
    segmenting.kind === 'scribbles'
      ? await learnScribbles(work, flags, command, mask, io)
      : segmenting.kind === 'classifier'
        ? await applyFile(segmenting.path, segmenting.opened, work)
        : await learnProject(segmenting.opened, work, { flags, command, models }, io);
  const { fit } = classifier;
  return {
    scores: await work.pipeline.classScores(fit, place),
    classes: fit.classes.map(({ name, color }, index) => ({ id: index + 1, name, color })),
    fit: { kind: fit.kind, id: fit.id, source: fit.source },
    counts: fit.counts,
    place,
    strokes,
    method,
    classifier,
  };
}

function provenanceOf(
  work: Work,
  { fit, strokes, place, method, classifier }: Scored,
  mask: string | undefined,
): MaterializeInput['provenance'] {
  const { pipeline, slices, image } = work;
  const heldOut = classifier?.fit.heldOut;
  return {
    model: pipeline.model,
    executionProvider: pipeline.provider.chosen,
    normalisation: pipeline.normalisation,
    fit,
    strokes,
    level: place.level,
    slices,
    imageMetadataSha256: image.metadataHash,
    method,
    ...(place.factor === undefined ? {} : { factor: place.factor }),
    ...(mask === undefined ? {} : { mask: locationOf(mask, work) }),
    ...(heldOut === undefined || heldOut === null
      ? {}
      : { heldOut: { ...heldOut, confusion: heldOut.confusion.map((row) => [...row]) } }),
  };
}
