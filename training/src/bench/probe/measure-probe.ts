import { createRandom } from 'alibi-zarr/checkpoint';
import type { ProbeResult } from 'alibi-zarr-schemas';
import type { BenchSubject } from '../bench-subject.ts';
import { encodeImages } from '../encode-images.ts';
import { counted, figure } from '../figure.ts';
import type { BenchContext } from '../run-bench.ts';
import type { TokenGrid } from '../tokens.ts';
import { HELD_OUT_IMAGES, heldOutProbe, heldOutSteps } from './held-out.ts';
import { positionalScores } from './positional-channels.ts';
import { referenceProbe } from './reference-probe.ts';

export interface ProbeOptions {
  /** A side of the images, rounded to whole patches. */
  readonly sizePx: number;
  readonly step: number;
  readonly repeats: number;
  readonly seed: number;
}

/** Channels listed as the most positional. */
const LISTED = 16;

/** How well a place is read from a token of the checkpoint: the reference's protocol, and held-out images. */
export async function measureProbe(
  subject: BenchSubject,
  context: BenchContext,
  options: ProbeOptions,
): Promise<ProbeResult> {
  const { images, step } = context;
  const isHeldOut = images.length >= HELD_OUT_IMAGES;
  context.expect(2 * images.length + (isHeldOut ? heldOutSteps(images.length) : 0));
  const names: string[] = [];
  const grids: TokenGrid[] = [];
  let sizePx = options.sizePx;
  for await (const image of encodeImages(subject, context, {
    sizePx: options.sizePx,
    outputs: ['features'],
  })) {
    names.push(image.name);
    grids.push(...image.grids);
    sizePx = image.sizePx;
  }
  const random = createRandom(options.seed);
  const reference = await referenceProbe(grids, { ...options, random }, step);
  const probe = isHeldOut ? await heldOutProbe(grids, step) : null;
  const [{ rows, cols, dim } = { rows: 0, cols: 0, dim: 0 }] = grids;
  const heldOut =
    probe === null
      ? null
      : {
          samples: probe.samples,
          folds: images.length,
          strengths: [...probe.strengths],
          ramps: probe.ramps.map((ramp) => ({ ...ramp, perImage: [...ramp.perImage] })),
        };
  return {
    format: 'alibi-train/probe/1',
    model: subject.model,
    command: context.command,
    figures: figuresOf({ reference, heldOut, dim }, { sizePx, images: images.length }),
    images: names,
    sizePx,
    rows,
    cols,
    dim,
    seed: options.seed,
    reference,
    heldOut,
    positionalChannels: mostPositional(grids),
  };
}

function figuresOf(
  { reference, heldOut, dim }: Pick<ProbeResult, 'reference' | 'heldOut' | 'dim'>,
  { sizePx, images }: { readonly sizePx: number; readonly images: number },
): ProbeResult['figures'] {
  const where = `${sizePx}×${sizePx} px, ${counted(images, 'image')}`;
  const few = `reference protocol: ${reference.samples} training tokens for ${dim} channels, R² over all tokens of the same image, mean of ${reference.repeats} masks; ${where}`;
  const figures = reference.ramps.map(({ ramp, r2 }) => figure(`probe R² ${ramp}`, r2, few));
  if (heldOut === null) return figures;
  const many = `trained on the other images: ${heldOut.samples} tokens for ${dim} channels, strength by inner validation; ${where}`;
  return [...figures, ...heldOut.ramps.map(({ ramp, r2 }) => figure(`held-out probe R² ${ramp}`, r2, many))];
}

function mostPositional(grids: readonly TokenGrid[]): ProbeResult['positionalChannels'] {
  const [{ dim } = { dim: 0 }] = grids;
  const mean = new Float64Array(dim);
  for (const grid of grids) {
    const scores = positionalScores({ ...grid, images: 1 });
    for (let c = 0; c < dim; c++) mean[c] = mean[c]! + scores[c]! / grids.length;
  }
  return Array.from(mean, (score, channel) => ({ channel, score }))
    .sort((a, b) => b.score - a.score || a.channel - b.channel)
    .slice(0, LISTED);
}
