import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SegmentOutput } from 'alibi-zarr-schemas';
import { AlibiError, isAbort } from '../../errors.ts';
import { assertLabelName } from '../../labels/label-name.ts';
import { type MaterializeInput, materialize } from '../../labels/materialize.ts';
import { onlySlices } from '../../labels/slices.ts';
import type { OmeImage } from '../../ome/ome-image.ts';
import { pixelGrid } from '../../pipeline/pixel-grid.ts';
import { createNodeStore } from '../../stores/node-fs.ts';
import { isWritable } from '../../stores/store.ts';
import { clusterCount, clusterTokens } from '../clusters.ts';
import { type Command, Interrupted } from '../command.ts';
import { type Flags, invalid } from '../flags.ts';
import type { Io } from '../io.ts';
import { labelLevelOf } from '../level.ts';
import { modelOutput, normalisationOutput, openWork, type Work, workFlags } from '../open-work.ts';
import { progressBar } from '../progress-bar.ts';
import { pruneFolders } from '../prune-folders.ts';

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
      name: { type: 'string', value: 'NAME', help: 'name of the label image' },
      out: { type: 'string', value: 'DIR', help: 'write DIR/labels/NAME; default: into the image itself' },
      overwrite: { type: 'boolean', help: 'replace a label image of that name' },
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
    const inPlace = !flags.has('out') && !flags.has('overwrite');
    const work = await openWork(flags, io, command, (image) => {
      if (inPlace && image.labels.some((label) => label.name === name)) throw taken(image, name);
    });
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

/** Folders that an undone save or a replaced revision leaves empty in the file system. */
async function pruneLabel(flags: Flags, name: string): Promise<void> {
  const out = flags.text('out') ?? flags.positionals[0]!;
  if (/^https?:/i.test(out)) return;
  const labels = join(resolve(out), 'labels');
  await pruneFolders(join(labels, name));
  if ((await readdir(labels).catch(() => ['unknown'])).length === 0) await pruneFolders(labels);
}

/** The same as the save would say, before minutes of work. */
function taken(image: OmeImage, name: string): AlibiError {
  return new AlibiError('Conflict', {
    what: `a label image "${name}" is there already`,
    where: `${image.location}/labels/${name}`,
    remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
  });
}

interface Request {
  readonly k: number;
  readonly name: string;
  readonly flags: Flags;
  readonly io: Io;
}

async function run(work: Work, { k, name, flags, io }: Request): Promise<SegmentOutput> {
  const { image, pipeline, slices, level, seed } = work;
  const labelLevel = labelLevelOf(flags, image, command);
  const target = await targetOf(flags, work);
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

interface Target {
  readonly to: Pick<MaterializeInput, 'target' | 'targetPath' | 'source'>;
  readonly location: string;
}

/** `--out`, else the image itself where it can be written to. */
async function targetOf(flags: Flags, { image, opened }: Work): Promise<Target> {
  const out = flags.text('out');
  const location = opened.location.replace(/\/$/, '');
  if (out === undefined) {
    if (isWritable(image.store)) return { to: { target: image.store, targetPath: image.path }, location };
    throw invalid(`${location} cannot be written to`, { name: command }, 'Name a folder with --out.');
  }
  if ((await stat(out).catch(() => undefined))?.isFile()) {
    throw new AlibiError('InvalidInput', { what: 'a file', where: out, remedy: 'Name a folder with --out.' });
  }
  const source = /^https?:/i.test(location) ? location : resolve(location);
  const to = { target: createNodeStore(resolve(out)), targetPath: '' };
  // In the image itself the default, a relative path, outlives a move of the folder.
  return { to: resolve(out) === source ? to : { ...to, source: sourceUrl(source) }, location: out };
}

/** A local path as the absolute address the specification asks for. */
function sourceUrl(source: string): string {
  return /^https?:/i.test(source) ? source : new URL(`file://${source}`).href;
}

function asText(output: SegmentOutput): string {
  const verdict = output.validation.valid ? 'valid OME-Zarr' : `not valid: ${output.validation.message}`;
  return `${output.location}: ${output.k} clusters of level ${output.level}, ${output.written} chunks written, ${output.skipped} empty, ${output.seconds.toFixed(1)} s, ${verdict}`;
}
