import { AlibiError } from 'alibi-zarr/checkpoint';
import type { LossResult } from 'alibi-zarr-schemas';
import { type Blanking, blankedChannels } from '../../finetune/blanked-channels.ts';
import type { PictureSource } from '../../finetune/sources.ts';
import type { Teacher } from '../../finetune/teacher.ts';
import type { Normalisation } from '../bench-images.ts';
import { counted, figure } from '../figure.ts';
import type { BenchContext } from '../run-bench.ts';
import { encode } from '../tokens.ts';
import { countSamples, heldOutSamples, type Sampling } from './held-out-samples.ts';
import type { Student } from './open-student.ts';
import { tokenLoss } from './token-loss.ts';

export interface LossOptions {
  /** Tokens along a side. */
  readonly grids: readonly number[];
  readonly sampling: Sampling;
  /** Undefined: what the students' runs left out, else the seven most positional of the teacher's. */
  readonly blank: Blanking | undefined;
}

export interface HeldAgainst {
  readonly teacher: Teacher;
  readonly told: LossResult['teacher'];
  readonly input: Normalisation;
  readonly patch: number;
  readonly dim: number;
}

const DEFAULT_BLANK: Blanking = { mostPositional: 7 };
const DEFAULT_SCALES = [0.6, 2.5] as const;

/**
 * How far students are from their frozen original on images they did not learn from: 1 − cosine over the channels that are
 * kept, of each token to the original's answer to the same crop, mean over tokens, crops, images. The original answers once
 * for all students. Definitions: docs/benchmarks.md.
 *
 * @throws AlibiError  InvalidInput: a student of another patch or width; runs that left out different channels
 */
export async function measureLoss(
  students: readonly Student[],
  against: HeldAgainst,
  o: LossOptions & {
    readonly sources: readonly PictureSource[];
    readonly context: Pick<BenchContext, 'command' | 'expect' | 'step'>;
  },
): Promise<LossResult[]> {
  for (const student of students) assertFits(student, against);
  const { sources, sampling, grids, context } = o;
  const blank = await blankOf(students, against, o);
  const kept = new Uint8Array(against.dim).fill(1);
  for (const channel of blank) kept[channel] = 0;
  context.expect(countSamples(sources, sampling) * grids.length);
  const losses = students.map(() => grids.map((): LossResult['grids'][number]['perImage'] => []));
  for await (const sample of heldOutSamples(sources, sampling)) {
    for (const [g, grid] of grids.entries()) {
      const sizePx = grid * against.patch;
      const sums = students.map(() => 0);
      const squares = await sample.squares(sizePx);
      for (const square of squares) {
        const target = await against.teacher.tokens(normalise(square, against.input), 1, sizePx);
        for (const [s, { runner, input }] of students.entries()) {
          const pixels = { height: sizePx, width: sizePx, data: normalise(square, input) };
          sums[s] = (sums[s] ?? 0) + tokenLoss((await encode(runner, pixels)).data, target, kept);
        }
      }
      for (const [s, sum] of sums.entries()) {
        losses[s]?.[g]?.push({ image: sample.name, loss: sum / squares.length });
      }
      await context.step();
    }
  }
  return students.map((student, s) =>
    resultOf(student, losses[s] ?? [], { ...o, against, blank, command: context.command }),
  );
}

function resultOf(
  { model }: Student,
  perGrid: readonly LossResult['grids'][number]['perImage'][],
  o: LossOptions & {
    readonly against: HeldAgainst;
    readonly blank: readonly number[];
    readonly command: string;
  },
): LossResult {
  const { sampling, against, blank } = o;
  const grids = perGrid.map((perImage, g) => ({
    tokens: o.grids[g] ?? 0,
    loss: perImage.reduce((sum, { loss }) => sum + loss, 0) / perImage.length,
    perImage,
  }));
  const images = grids[0]?.perImage.map(({ image }) => image) ?? [];
  const on =
    sampling.kind === 'views'
      ? `${counted(images.length, 'augmented view')}`
      : `mean over ${counted(images.length, 'image')}, at most ${counted(sampling.crops, 'crop')} of each, enlarged ${sampling.scale}×`;
  const note = `1 − cosine over ${against.dim - blank.length} of ${against.dim} channels; ${on}`;
  return {
    format: 'alibi-train/loss/1',
    model,
    command: o.command,
    figures: grids.map(({ tokens, loss }) =>
      figure(`loss to the teacher, ${tokens}×${tokens} tokens`, loss, note),
    ),
    teacher: against.told,
    images,
    dim: against.dim,
    blank: [...blank],
    sampling:
      sampling.kind === 'views'
        ? { ...sampling, scales: [...sampling.scales] }
        : { kind: 'crops', crops: sampling.crops, scale: sampling.scale },
    grids,
  };
}

async function blankOf(
  students: readonly Student[],
  { teacher, input, patch, dim }: HeldAgainst,
  o: LossOptions & { readonly sources: readonly PictureSource[] },
): Promise<readonly number[]> {
  const recorded = new Map(students.flatMap(({ blank }) => (blank === null ? [] : [[blank.join(), blank]])));
  if (o.blank === undefined && recorded.size > 1) {
    throw new AlibiError('InvalidInput', {
      what: `their runs left out different channels: ${[...recorded.keys()].join(' and ')}`,
      where: 'bench loss',
      remedy: 'Give --blank, the same for all, or measure them one by one.',
    });
  }
  const [own] = recorded.values();
  const blank = o.blank ?? own ?? DEFAULT_BLANK;
  const scales = o.sampling.kind === 'views' ? o.sampling.scales : DEFAULT_SCALES;
  return blankedChannels(blank, {
    teacher,
    sources: o.sources,
    views: { ...input, scales, seed: 1 },
    tokens: o.grids[0] ?? 1,
    patch,
    dim,
  });
}

function normalise(square: Float32Array, { mean, std }: Normalisation): Float32Array {
  const count = square.length / 3;
  return square.map((value, i) => {
    const c = Math.floor(i / count);
    return (value - (mean[c] ?? 0)) / (std[c] ?? 1);
  });
}

function assertFits({ path, patch, dim }: Student, against: HeldAgainst): void {
  if (patch === against.patch && dim === against.dim) return;
  throw new AlibiError('InvalidInput', {
    what: `it has patches of ${patch} and ${dim} channels, the teacher ${against.patch} and ${against.dim}`,
    where: path,
    remedy: 'Give --teacher the weights that it learned from.',
  });
}
