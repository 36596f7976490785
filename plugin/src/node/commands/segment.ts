import type { SegmentOutput, SegmentPlateOutput } from 'alibi-zarr-schemas';
import { asAlibiError, isAbort } from '../../errors.ts';
import { assertLabelName } from '../../labels/label-name.ts';
import type { OmeImage } from '../../ome/ome-image.ts';
import { openImage } from '../../ome/open-image.ts';
import { type OmeNode, openNode } from '../../ome/open-node.ts';
import { openClassifierFile } from '../classifier-file.ts';
import { openProject } from '../classify.ts';
import { clusterCount } from '../clusters.ts';
import { type Command, Interrupted } from '../command.ts';
import { type Flags, invalid } from '../flags.ts';
import type { Io } from '../io.ts';
import { learningFlags } from '../learning-flags.ts';
import { createModelKeeper } from '../model-keeper.ts';
import { type OpenedLocation, openLocation } from '../open-location.ts';
import { workFlags, workOn } from '../open-work.ts';
import { fieldsOf } from '../plate-fields.ts';
import { saveFlags } from '../save-flags.ts';
import { type Kept, whatIsLeft } from '../save-labels.ts';
import { assertFree, pruneLabel } from '../save-target.ts';
import { type Segmenting, type SegmentRequest, segmentImage } from '../segment-image.ts';
import { signerOf } from '../signers.ts';

const command = 'segment';

export const segment: Command = {
  spec: {
    name: command,
    summary: 'Segment an image, or every image of a plate, and save the result as OME-Zarr labels',
    positionals: ['STORE'],
    flags: {
      name: { type: 'string', value: 'NAME', help: 'name of the label image' },
      scribbles: {
        type: 'string',
        value: 'LABELS|PNG|GEOJSON',
        help: 'learn from what is painted. In pixels: 0 none, else the number of the class from 1. In GeoJSON: the classification of each feature, in pixels of the finest level',
      },
      classifier: { type: 'string', value: 'FILE', help: 'apply a classifier (.json)' },
      project: {
        type: 'string',
        value: 'FILE',
        help: 'learn from the strokes of a project, or apply its classifier',
      },
      kmeans: { type: 'string', value: 'k', help: 'cluster the features into k classes' },
      classes: {
        type: 'string',
        value: 'a,b,c',
        help: 'names of the classes of --scribbles; for GeoJSON their order',
      },
      'scribbles-z': { type: 'string', value: 'n', help: 'slice along z that a PNG of scribbles belongs to' },
      'scribbles-t': { type: 'string', value: 'n', help: 'slice along t that a PNG of scribbles belongs to' },
      'classifier-out': {
        type: 'string',
        value: 'FILE',
        help: 'write the classifier too, as .json and .onnx',
      },
      mask: { type: 'string', value: 'LABELS|PNG', help: 'learn and label where this is not 0 only' },
      probabilities: {
        type: 'boolean',
        help: 'write OUT/probabilities/NAME too, uint8, one channel a class',
      },
      ...saveFlags,
      'label-level': {
        type: 'string',
        value: 'n',
        help: 'finest level the labels are written at; default 0',
      },
      wells: { type: 'string', value: 'B/03,C/*', help: 'of a plate: these wells only' },
      fields: { type: 'string', value: '0,1|B/03/0', help: 'of a plate or a well: these fields only' },
      ...learningFlags,
      ...workFlags,
    },
    examples: [
      'segment image.zarr --name phases --scribbles scribbles.png --classes matrix,precipitate --classifier-out phases',
      'segment image.zarr --name phases --classifier phases.json --probabilities',
      'segment plate.zarr --name nuclei --classifier nuclei.json --wells B/*',
      'segment image.zarr --name phases --kmeans 3',
      'segment image.zarr --name phases --kmeans 3 --out phases.ozx',
      'segment image.zarr --name phases --kmeans 3 --resume',
    ],
  },
  async run(flags, io) {
    const name = flags.text('name');
    const kind = methodOf(flags);
    if (name === undefined) throw invalid('--name is missing', { name: command }, 'Write --name and a name.');
    assertLabelName(name);
    const segmenting = await openMethod(kind, flags);
    const opened = await openLocation(flags.positionals[0]!, io.signal, await signerOf(flags));
    const models = createModelKeeper();
    const kept: Kept = { done: 0, total: 0 };
    try {
      const node = await openNode(opened, { signal: io.signal });
      const request = { segmenting, name, flags, command, models, kept };
      if (node.kind === 'image') {
        if (flags.has('wells') || flags.has('fields')) {
          throw invalid(
            `${opened.location} is one image`,
            { name: command },
            'Leave --wells and --fields out.',
          );
        }
        const output = await segmentOne(node.image, opened, { ...request, below: '' }, io);
        io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
        return 0;
      }
      const output = await segmentFields(node, opened, request, io);
      io.out(flags.has('json') ? JSON.stringify(output) : plateText(output));
      return output.failed.length === 0 ? 0 : 1;
    } catch (error) {
      if (!isAbort(error)) throw error;
      throw new Interrupted(whatIsLeft(name, kept));
    } finally {
      await models.close();
      await opened.close();
    }
  },
};

const methods = ['scribbles', 'classifier', 'project', 'kmeans'] as const;

function methodOf(flags: Flags): (typeof methods)[number] {
  const given = methods.filter((method) => flags.has(method));
  const [method] = given;
  if (method !== undefined && given.length === 1) {
    const onlyScribbles = ['classes', 'scribbles-z', 'scribbles-t'].find((flag) => flags.has(flag));
    if (onlyScribbles !== undefined && method !== 'scribbles') {
      throw invalid(
        `--${onlyScribbles} is given`,
        { name: command },
        `It goes with --scribbles only: leave it out.`,
      );
    }
    const learned = ['classifier-out', 'probabilities'].find((flag) => flags.has(flag));
    if (learned !== undefined && method === 'kmeans') {
      throw invalid(
        `--${learned} is given`,
        { name: command },
        'Clusters have none: leave it out, or use --scribbles.',
      );
    }
    assertLearns(method, flags);
    return method;
  }
  const all = methods.map((name) => `--${name}`).join(', ');
  throw invalid(
    given.length === 0
      ? 'nothing says how to segment'
      : `${given.map((name) => `--${name}`).join(' and ')} are given`,
    { name: command },
    `Write one of ${all}.`,
  );
}

/** Why a method does not ask its call how to learn. */
const learnsNothing = {
  classifier: 'A classifier has learned already',
  project: 'A project says itself how its classifier learns',
  kmeans: 'Clusters are not learned from strokes',
} as const;

/** @throws AlibiError InvalidInput  a flag says how to learn, and the method would not listen */
function assertLearns(method: (typeof methods)[number], flags: Flags): void {
  if (method === 'scribbles') return;
  const ignored = Object.keys(learningFlags).find(
    (flag) => flags.has(flag) && !(method === 'project' && flag === 'validation'),
  );
  if (ignored === undefined) return;
  throw invalid(
    `--${method} and --${ignored} are given`,
    { name: command },
    `${learnsNothing[method]}: leave --${ignored} out.`,
  );
}

async function openMethod(kind: (typeof methods)[number], flags: Flags): Promise<Segmenting> {
  if (kind === 'kmeans') return { kind, k: clusterCount(flags)! };
  if (kind === 'scribbles') return { kind };
  const path = flags.text(kind)!;
  if (kind === 'project') return { kind, opened: await openProject(path) };
  return { kind, path, opened: await openClassifierFile(path) };
}

async function segmentOne(
  image: OmeImage,
  opened: OpenedLocation,
  request: SegmentRequest,
  io: Io,
): Promise<SegmentOutput> {
  const { flags, name, segmenting, models } = request;
  const classifier =
    segmenting.kind === 'classifier'
      ? segmenting.opened
      : segmenting.kind === 'project'
        ? (segmenting.opened.classifier ?? undefined)
        : undefined;
  try {
    const work = await workOn({ image, opened }, flags, io, {
      command,
      models,
      ...(classifier === undefined ? {} : { classifier }),
      check: () => assertFree(flags, image, name),
    });
    return await segmentImage(work, request, io);
  } finally {
    await pruneLabel(request, opened.location);
  }
}

/** One after another; what fails is told at the end and the others go on. */
async function segmentFields(
  node: OmeNode,
  opened: OpenedLocation,
  request: Omit<SegmentRequest, 'below'>,
  io: Io,
): Promise<SegmentPlateOutput> {
  const startMs = performance.now();
  if (request.flags.has('classifier-out')) {
    throw invalid(
      '--classifier-out is given',
      { name: command },
      'Learn on one image, then apply it with --classifier.',
    );
  }
  if (request.segmenting.kind === 'scribbles') {
    throw invalid(
      '--scribbles is given for several images',
      { name: command },
      'Learn on one image (--classifier-out), then apply it with --classifier.',
    );
  }
  const paths = await fieldsOf(node, request.flags, command, io.signal);
  if (paths === null || paths.length === 0) {
    throw invalid(`${opened.location} holds no image`, { name: command }, 'Name an image or a plate.');
  }
  const done: SegmentPlateOutput['done'] = [];
  const failed: SegmentPlateOutput['failed'] = [];
  for (const [i, path] of paths.entries()) {
    io.status?.(`Image ${i + 1} of ${paths.length}: ${path}`);
    try {
      const root = opened.path.replace(/^\/+|\/+$/g, '');
      const place = { ...opened, path: root === '' ? path : `${root}/${path}` };
      const image = await openImage(
        { ...place, location: `${opened.location.replace(/\/$/, '')}/${path}` },
        { signal: io.signal },
      );
      const output = await segmentOne(image, opened, { ...request, below: path }, io);
      const { location, written, skipped, seconds, validation } = output;
      done.push({ image: path, location, written, skipped, seconds, valid: validation.valid });
    } catch (error) {
      if (isAbort(error)) {
        throw new Interrupted(
          `${done.length} of ${paths.length} images are done; the others are as they were before (--fields ${paths.slice(i).join(',')})`,
        );
      }
      failed.push({ image: path, error: asAlibiError(error, path).message });
    }
  }
  return {
    location: opened.location,
    name: request.name,
    method: request.segmenting.kind,
    done,
    failed,
    again: failed.length === 0 ? null : failed.map(({ image }) => image).join(','),
    seconds: (performance.now() - startMs) / 1000,
  };
}

function asText(output: SegmentOutput): string {
  const verdict = output.validation.valid ? 'valid OME-Zarr' : `not valid: ${output.validation.message}`;
  const what = output.method === 'kmeans' ? `${output.k} clusters` : `${output.k} classes`;
  const held =
    output.heldOut === undefined || output.heldOut === null
      ? ''
      : `, mean IoU ${output.heldOut.meanIou.toFixed(3)} on strokes left out`;
  return `${output.location}: ${what} of level ${output.level}${held}, ${output.written} chunks written, ${output.skipped} empty${output.resumed === 0 ? '' : `, ${output.resumed} of them found finished`}, ${output.objects} objects of ${(output.bytes / 1e6).toFixed(1)} MB, ${output.seconds.toFixed(1)} s, ${verdict}`;
}

function plateText({ location, done, failed, again, seconds }: SegmentPlateOutput): string {
  const lines = [`${location}: ${done.length} images done, ${failed.length} failed, ${seconds.toFixed(1)} s`];
  for (const { image, error } of failed) lines.push(`  ${image}: ${error}`);
  if (again !== null) lines.push(`Again with --fields ${again}`);
  return lines.join('\n');
}
