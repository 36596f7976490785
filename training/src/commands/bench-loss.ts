import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Command, Flags, Io } from 'alibi-zarr/command-line';
import type { LossResult } from 'alibi-zarr-schemas';
import { CROP_LIMIT } from '../bench/bench-images.ts';
import type { Sampling } from '../bench/loss/held-out-samples.ts';
import { type HeldAgainst, measureLoss } from '../bench/loss/measure-loss.ts';
import { openStudent, type Student } from '../bench/loss/open-student.ts';
import { BENCH_FLAGS, giveResults, stepsShown } from '../bench/run-bench.ts';
import { storeFigures } from '../bench/store-figures.ts';
import { assertWritable } from '../bench/write-whole.ts';
import { blankingOf } from '../finetune/blanked-channels.ts';
import { openSources } from '../finetune/sources.ts';
import { openTeacher } from '../finetune/teacher.ts';
import {
  commandText,
  INPUT_FLAGS,
  inputOf,
  invalidFlag,
  positive,
  precisionOf,
  valued,
  whole,
} from '../flag-values.ts';
import { hashFile } from '../hash.ts';
import { IMAGENET } from '../manifest.ts';
import { givenPosition, POSITION_FLAGS } from '../position-flags.ts';
import { shownPath } from '../report/shown-path.ts';
import { readWeights } from '../weights/read-weights.ts';
import { shapeOfWeights } from '../weights/weights-shape.ts';

export const benchLoss: Command = {
  spec: {
    program: 'alibi-train',
    name: 'bench loss',
    summary:
      "How far students are from their frozen original on held-out images: 1 − cosine over the channels that a run keeps, to the original's answer to the same crop; of checkpoints as shipped, or of student.safetensors",
    positionals: ['MANIFEST or WEIGHTS', '[MANIFEST or WEIGHTS]...'],
    flags: {
      teacher: valued('WEIGHTS', 'the original: .pth or .safetensors'),
      data: valued(
        'PATH',
        'held-out images: a folder, an OME-Zarr store, or a JSON mixture of them, as finetune takes',
      ),
      grid: valued('N,...', 'tokens along a side of a crop (default: 16,24,37)'),
      crops: valued('N', `of an image, 1 to ${CROP_LIMIT}: centre, then corners (default: 1)`),
      scale: valued('S', 'how many times images are enlarged (default: 1)'),
      first: valued('N', 'images of each source (default: all)'),
      views: valued(
        'N',
        'instead of crops: N views drawn and augmented as finetune --validate does (it draws 16)',
      ),
      scales: valued('LEAST,MOST', "of the views (default: 0.6,2.5, finetune's)"),
      blank: valued(
        'WHAT',
        'channels that do not count: auto:K, none, or numbers (default: as the runs recorded, else auto:7)',
      ),
      heads: valued(
        'N',
        'attention heads of weights (default: as recorded, config.json beside them, else dim / 64)',
      ),
      ...POSITION_FLAGS,
      ...INPUT_FLAGS,
      ...BENCH_FLAGS,
    },
    examples: [
      'bench loss local/manifest.json --teacher model.safetensors --data held-out.json --blank 23,379,28,383,181,288,1',
      'bench loss runs/local/student.safetensors --teacher model.safetensors --data held-out --grid 16 --views 16',
    ],
  },
  async run(flags, io) {
    const options = {
      grids: gridsOf(flags.text('grid') ?? '16,24,37'),
      sampling: samplingOf(flags),
      blank: mapped(flags.text('blank'), blankingOf),
    };
    const [data, out] = [required(flags, 'data'), flags.text('out')];
    if (out !== undefined) await assertWritable(out);
    const sources = await openSources(data, { seed: 0, signal: io.signal });
    const opened: { close(): Promise<void> }[] = sources.map((source) => ({
      close: async () => source.close?.(),
    }));
    try {
      const against = await openOriginal(flags);
      opened.push(against.teacher);
      const students: Student[] = [];
      for (const path of flags.positionals) {
        const student = await openOne(path, flags);
        students.push(student);
        opened.push(student.runner);
      }
      const results = await measured(students, against, { ...options, sources, flags, io });
      if (flags.has('write')) for (const [i, { path }] of students.entries()) await store(path, results[i]);
      await giveResults(results, { flags, io, out });
    } finally {
      await Promise.all(opened.map((one) => one.close()));
    }
    return 0;
  },
};

async function measured(
  students: readonly Student[],
  against: HeldAgainst,
  o: Omit<Parameters<typeof measureLoss>[2], 'context'> & { readonly flags: Flags; readonly io: Io },
): Promise<LossResult[]> {
  const { end, ...steps } = stepsShown(o.io, 'bench loss');
  try {
    const command = `alibi-train bench loss ${commandText(o.flags.argv)}`;
    return await measureLoss(students, against, { ...o, context: { command, ...steps } });
  } finally {
    end();
  }
}

async function openOriginal(flags: Flags): Promise<HeldAgainst> {
  const path = required(flags, 'teacher');
  const read = await readWeights(path);
  const shape = await shapeOfWeights(path, read, flags.integer('heads', 1));
  const { weights } = read;
  return {
    teacher: await openTeacher(weights, shape),
    told: { name: shownPath(path), sha256: await hashFile(path) },
    input: { ...IMAGENET, ...inputOf(flags) },
    patch: weights.patch,
    dim: weights.dim,
  };
}

function openOne(path: string, flags: Flags): Promise<Student> {
  if (!path.endsWith('.json') && flags.has('write')) {
    throw invalidFlag(`${path} has no manifest to write figures into`, '--write');
  }
  return openStudent(path, {
    precision: precisionOf(flags.text('precision')),
    heads: flags.integer('heads', 1),
    position: givenPosition(flags),
    input: inputOf(flags),
  });
}

async function store(path: string, result: LossResult | undefined): Promise<void> {
  if (result !== undefined) await storeFigures(path, result);
}

function required(flags: Flags, name: string): string {
  const value = flags.text(name);
  if (value !== undefined) return value;
  throw new AlibiError('InvalidInput', {
    what: 'it is missing',
    where: `--${name}`,
    remedy: 'See --help of the command.',
  });
}

function gridsOf(text: string): number[] {
  return [...new Set(text.split(',').map((part) => whole(part, '--grid', 1)))];
}

function samplingOf(flags: Flags): Sampling {
  const views = flags.integer('views', 1);
  if (views === undefined) {
    if (flags.has('scales')) throw invalidFlag('it belongs to --views', '--scales');
    const crops = flags.integer('crops', 1) ?? 1;
    if (crops > CROP_LIMIT) throw invalidFlag(`it is ${crops}, and ${CROP_LIMIT} at most`, '--crops');
    const scale = positive(flags.text('scale') ?? '1', '--scale');
    return { kind: 'crops', crops, scale, first: flags.integer('first', 1) ?? null };
  }
  const other = ['crops', 'scale', 'first'].find((name) => flags.has(name));
  if (other !== undefined) throw invalidFlag('it excludes --views', `--${other}`);
  const [least = 0, most = 0, extra] = (flags.text('scales') ?? '0.6,2.5')
    .split(',')
    .map((part) => positive(part, '--scales'));
  if (extra !== undefined || most < least) throw invalidFlag('it is least,most', '--scales');
  return { kind: 'views', views, scales: [least, most], seed: 0 };
}

function mapped<T, R>(value: T | undefined, to: (value: T) => R): R | undefined {
  return value === undefined ? undefined : to(value);
}
