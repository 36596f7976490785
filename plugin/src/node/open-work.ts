import type { Normalisation } from '../encoder/encoder.ts';
import { PRECISIONS, type Precision } from '../encoder/graph-choice.ts';
import { defaultNormalisation } from '../ome/normalisation.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { openNode } from '../ome/open-node.ts';
import { withImageCache } from '../pipeline/image-cache.ts';
import type { Pipeline, Slices } from '../pipeline/pipeline.ts';
import { defaultWindows, sampleLevel } from '../pipeline/sample.ts';
import type { OpenedClassifier } from '../segment/portable.ts';
import type { Signer } from '../stores/signer.ts';
import { manifestFor } from './checkpoints.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';
import type { Io } from './io.ts';
import { levelOf } from './level.ts';
import { createModelKeeper, type ModelKeeper } from './model-keeper.ts';
import { type OpenedLocation, openLocation } from './open-location.ts';
import { signerFlag, signerOf } from './signers.ts';
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
  ...signerFlag,
};

/** An image with its pipeline, and what the flags say about both. */
export interface Work {
  readonly image: OmeImage;
  readonly opened: OpenedLocation;
  readonly pipeline: Pipeline;
  /** Where features are computed. */
  readonly level: number;
  /** The level a person named, by number or size; undefined where nobody did. */
  readonly askedLevel: number | undefined;
  readonly slices: Slices;
  readonly seed: number;
  /** Signs requests to servers. */
  readonly sign: Signer | undefined;
  close(): Promise<void>;
}

export interface OpenWorkOptions {
  /** Looks at the image before the checkpoint is loaded, and throws where work would be in vain. */
  readonly check?: (image: OmeImage) => void;
  /** What is to be applied: its channels, black and white points and checkpoint are used. */
  readonly classifier?: OpenedClassifier;
  /** Instead of the image's own: what an earlier result was made with. */
  readonly normalisation?: Normalisation;
  /** Of a graph of the checkpoint an earlier result was made with; default: any. */
  readonly sha256?: string | null;
  /** Serves several images one after another; default: one for this work alone. */
  readonly models?: ModelKeeper;
}

/**
 * Open the image and the checkpoint a command works with.
 *
 * @throws AlibiError InvalidInput  a plate or a series: its images are named instead
 */
export async function openWork(
  flags: Flags,
  io: Io,
  command: string,
  options: OpenWorkOptions = {},
): Promise<Work> {
  const opened = await openLocation(flags.positionals[0]!, io.signal, await signerOf(flags));
  try {
    const image = await openOneImage(opened, io.signal, command);
    const work = await workOn({ image, opened }, flags, io, { ...options, command });
    return {
      ...work,
      close: async () => {
        await work.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The same of an image that is open; closing leaves the location open. */
export async function workOn(
  { image: given, opened }: Pick<Work, 'image' | 'opened'>,
  flags: Flags,
  io: Io,
  {
    command,
    check,
    classifier,
    normalisation,
    sha256,
    models,
  }: OpenWorkOptions & { readonly command: string },
): Promise<Work> {
  const { signal } = io;
  // Who hands models in closes them.
  const own = models === undefined ? createModelKeeper() : null;
  const keeper = models ?? own!;
  check?.(given);
  const image = withImageCache(given);
  const channels = parseChannels(flags.text('channels'), command);
  const fixed = classifier?.fit.normalisation ?? normalisation;
  if (channels !== undefined && fixed !== undefined) {
    throw invalid(
      '--channels is given',
      { name: command },
      'The channels are those it was made with: leave --channels out.',
    );
  }
  const slices = slicesOf(flags, image, command);
  const askedLevel = levelOf(flags, image, command);
  const seed = flags.integer('seed', 0) ?? 0;
  const seen = await defaultNormalisation(image, fixed?.channels ?? channels, { signal });
  const wanted = classifier?.model?.sha256 ?? sha256 ?? null;
  const precision = parsePrecision(flags.text('precision'), command);
  const pipeline = await keeper.open(
    {
      ...(precision === undefined ? {} : { precision }),
      pixels: image.pixels,
      normalisation: fixed ?? seen,
      manifest: await manifestFor(flags.text('model'), wanted),
    },
    io,
  );
  try {
    const { windows } = await pipeline.cost();
    const close = async () => {
      await pipeline.close();
      await own?.close();
    };
    const level = askedLevel ?? sampleLevel(windows, defaultWindows);
    const sign = await signerOf(flags);
    return { image, opened, pipeline, level, askedLevel, slices, seed, sign, close };
  } catch (error) {
    await own?.close();
    throw error;
  }
}

/** @throws AlibiError InvalidInput  it is not one image */
export async function openOneImage(
  opened: OpenedLocation,
  signal: AbortSignal,
  command: string,
): Promise<OmeImage> {
  const node = await openNode(opened, { signal });
  if (node.kind === 'image') return node.image;
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
