import { PRECISIONS, type Precision } from '../encoder/graph-choice.ts';
import { fileReader, nodeBackend } from '../encoder/ort-node.ts';
import { defaultNormalisation } from '../ome/normalisation.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { openNode } from '../ome/open-node.ts';
import { pipelineOpener } from '../pipeline/create-pipeline.ts';
import { withImageCache } from '../pipeline/image-cache.ts';
import type { Pipeline, Slices } from '../pipeline/pipeline.ts';
import { defaultWindows, sampleLevel } from '../pipeline/sample.ts';
import { findManifest } from './checkpoints.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';
import type { Io } from './io.ts';
import { levelOf } from './level.ts';
import { type OpenedLocation, openLocation } from './open-location.ts';
import { progressBar } from './progress-bar.ts';
import { slicesOf } from './slices.ts';

/** Flags of every command that runs the transformer. */
export const workFlags: Readonly<Record<string, FlagSpec>> = {
  model: {
    type: 'string',
    value: 'PATH',
    help: 'manifest.json, its folder, or the name of a shipped checkpoint',
  },
  precision: {
    type: 'string',
    value: 'P',
    help: `run the graph of this precision; default: what suits the machine. One of ${PRECISIONS.join(', ')}`,
  },
  channels: {
    type: 'string',
    value: 'i|r,g,b',
    help: 'one channel (as grey) or three (as red, green, blue)',
  },
  z: { type: 'string', value: 'a|a:b', help: 'slices along z, half-open; default all' },
  t: { type: 'string', value: 'a|a:b', help: 'slices along t, half-open; default all' },
  level: {
    type: 'string',
    value: 'n',
    help: 'level where features are computed; default: finest of at most 64 windows a slice',
  },
  'um-per-pixel': {
    type: 'string',
    value: 'x',
    help: 'instead of --level: the nearest level not finer than x',
  },
  seed: { type: 'string', value: 'n', help: 'seed of what is random; default 0' },
};

/** An image with its pipeline, and what the flags say about both. */
export interface Work {
  readonly image: OmeImage;
  readonly opened: OpenedLocation;
  readonly pipeline: Pipeline;
  /** Where features are computed. */
  readonly level: number;
  readonly slices: Slices;
  readonly seed: number;
  close(): Promise<void>;
}

/**
 * Open the image and the checkpoint a command works with.
 *
 * @param check  looks at the image before the checkpoint is loaded, and throws where work would be in vain
 * @throws AlibiError InvalidInput  a plate or a series: its images are named instead
 */
export async function openWork(
  flags: Flags,
  io: Io,
  command: string,
  check: (image: OmeImage) => void = () => {},
): Promise<Work> {
  const { signal } = io;
  const opened = await openLocation(flags.positionals[0]!, signal);
  try {
    const image = await openOneImage(opened, signal, command);
    check(image);
    const channels = parseChannels(flags.text('channels'), command);
    const slices = slicesOf(flags, image, command);
    const asked = levelOf(flags, image, command);
    const seed = flags.integer('seed', 0) ?? 0;
    const precision = parsePrecision(flags.text('precision'), command);
    const manifest = await findManifest(flags.text('model'));
    const normalisation = await defaultNormalisation(image, channels, { signal });
    const bar = progressBar(io, 'Model');
    const isRemote = /^https?:/i.test(manifest);
    const open = isRemote ? pipelineOpener([nodeBackend()]) : pipelineOpener([nodeBackend()], fileReader);
    const pipeline = await open(
      { pixels: image.pixels, normalisation, manifest, ...(precision ? { precision } : {}) },
      { signal, onStage: (stage) => bar.say(stage.kind) },
    );
    bar.end();
    const { windows } = await pipeline.cost();
    const close = async () => {
      await pipeline.close();
      await opened.close();
    };
    return {
      image,
      opened,
      pipeline,
      level: asked ?? sampleLevel(windows, defaultWindows),
      slices,
      seed,
      close,
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/**
 * The image of a location.
 *
 * @throws AlibiError InvalidInput  a plate or a series: its images are named instead
 */
export async function openOneImage(
  opened: OpenedLocation,
  signal: AbortSignal,
  command: string,
): Promise<OmeImage> {
  const node = await openNode(opened, { signal });
  if (node.kind === 'image') {
    return withImageCache(node.image);
  }
  const below = (path: string) => `${opened.location.replace(/\/$/, '')}/${path}`;
  const paths =
    node.kind === 'plate'
      ? node.plate.wells.map((well) => `${well.path}/0`)
      : node.kind === 'well'
        ? node.well.fields.map((field) => field.path)
        : node.kind === 'series'
          ? node.series.images.map((image) => image.path)
          : [];
  const shown = paths.slice(0, 6).map(below);
  const more = paths.length > shown.length ? `, … (${paths.length} in all)` : '';
  throw invalid(
    `${opened.location} is a ${node.kind === 'labels' ? 'list of labels' : node.kind}`,
    { name: command },
    shown.length === 0 ? 'Name an image.' : `Name one of its images: ${shown.join(', ')}${more}.`,
  );
}

function parseChannels(text: string | undefined, command: string): number[] | undefined {
  if (text === undefined) return undefined;
  const channels = text.split(',').map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (channels.every(Number.isInteger) && (channels.length === 1 || channels.length === 3)) return channels;
  throw invalid(`--channels is "${text}"`, { name: command }, 'Give one index, or three such as 0,1,2.');
}

function parsePrecision(text: string | undefined, command: string): Precision | undefined {
  const precision = PRECISIONS.find((known) => known === text);
  if (text === undefined || precision !== undefined) return precision;
  throw invalid(`--precision is "${text}"`, { name: command }, `Give one of ${PRECISIONS.join(', ')}.`);
}

/** What the outputs say of the model. */
export function modelOutput({ model, provider }: Pipeline) {
  return { name: model.name, sha256: model.sha256, precision: model.precision, provider: provider.chosen };
}

/** What the outputs say of the normalisation. */
export function normalisationOutput({ normalisation }: Pipeline) {
  const [first = 0, ...others] = normalisation.channels;
  const channels: [number, ...number[]] = [first, ...others];
  return { channels, black: [...normalisation.black], white: [...normalisation.white] };
}
