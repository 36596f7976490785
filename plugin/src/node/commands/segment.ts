import type { SegmentOutput } from 'alibi-zarr-schemas';
import { isAbort } from '../../errors.ts';
import { assertLabelName } from '../../labels/label-name.ts';
import { materialize } from '../../labels/materialize.ts';
import { onlySlices } from '../../labels/slices.ts';
import { pixelGrid } from '../../pipeline/pixel-grid.ts';
import { clusterCount, clusterTokens } from '../clusters.ts';
import { type Command, Interrupted } from '../command.ts';
import { type Flags, invalid } from '../flags.ts';
import type { Io } from '../io.ts';
import { assertFree, labelTarget, labelTargetFlags, pruneLabel } from '../label-target.ts';
import { labelLevelOf } from '../level.ts';
import { modelOutput, normalisationOutput, openWork, type Work, workFlags } from '../open-work.ts';
import { progressBar } from '../progress-bar.ts';

const command = 'segment';
/** Side of a chunk of labels in pixels; the same as in a session. */
const labelChunkPx = 256;

export const segment: Command = {
  spec: {
    name: command,
    summary: 'Segment an image and save the result as OME-Zarr labels',
    positionals: ['STORE'],
    flags: {
      kmeans: { type: 'string', value: 'k', help: 'cluster the features into k classes' },
      ...labelTargetFlags,
      'label-level': {
        type: 'string',
        value: 'n',
        help: 'finest level the labels are written at; default 0',
      },
      ...workFlags,
    },
    examples: [
      'segment image.zarr --kmeans 3 --name phases',
      'segment image.zarr --kmeans 4 --name a --z 10:20 --json',
    ],
  },
  async run(flags, io) {
    const k = clusterCount(flags);
    const name = flags.text('name');
    if (k === undefined)
      throw invalid('--kmeans is missing', { name: command }, 'Write --kmeans and a number.');
    if (name === undefined) throw invalid('--name is missing', { name: command }, 'Write --name and a name.');
    assertLabelName(name);
    const work = await openWork(flags, io, command, (image) => assertFree(flags, image, name));
    try {
      const output = await run(work, { k, name, flags, io });
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      return 0;
    } catch (error) {
      if (!isAbort(error)) throw error;
      throw new Interrupted(`the labels "${name}" are as they were before, and nothing half written is left`);
    } finally {
      await pruneLabel(flags, name);
      await work.close();
    }
  },
};

interface Request {
  readonly k: number;
  readonly name: string;
  readonly flags: Flags;
  readonly io: Io;
}

async function run(work: Work, { k, name, flags, io }: Request): Promise<SegmentOutput> {
  const { image, pipeline, slices, level, seed } = work;
  const labelLevel = labelLevelOf(flags, image, command);
  const target = await labelTarget(flags, work, command);
  const { fit, scores, classes } = await clusterTokens(work, k, io);
  const grid = pixelGrid(image.pixels[labelLevel]!);
  const labels = onlySlices(await pipeline.labels(scores, grid, labelChunkPx), slices);
  const bar = progressBar(io, `Saving labels/${name}`);
  const result = await materialize({
    ...target.to,
    labels,
    image,
    name,
    classes,
    overwrite: flags.has('overwrite'),
    provenance: {
      model: pipeline.model,
      executionProvider: pipeline.provider.chosen,
      normalisation: pipeline.normalisation,
      fit: { kind: fit.kind, id: fit.id, source: fit.source },
      strokes: [],
      level,
      slices,
      imageMetadataSha256: image.metadataHash,
    },
    signal: io.signal,
    onProgress: (progress) => bar.update(progress),
  });
  bar.end();
  return {
    location: `${target.location}/labels/${name}`,
    name,
    method: 'kmeans',
    k,
    seed,
    level,
    labelLevel,
    dtype: labels.dtype,
    shape: [...labels.shape],
    counts: [...fit.counts],
    fit: fit.id,
    model: modelOutput(pipeline),
    normalisation: normalisationOutput(pipeline),
    z: [...slices.z],
    t: [...slices.t],
    ...result,
  };
}

function asText(output: SegmentOutput): string {
  const verdict = output.validation.valid ? 'valid OME-Zarr' : `not valid: ${output.validation.message}`;
  return `${output.location}: ${output.k} clusters of level ${output.level}, ${output.written} chunks written, ${output.skipped} empty, ${output.seconds.toFixed(1)} s, ${verdict}`;
}
