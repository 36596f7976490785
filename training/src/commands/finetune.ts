import { type Command, type Flags, Interrupted, progressBar } from 'alibi-zarr/command-line';
import { BACKENDS } from '../backend.ts';
import { blankingOf } from '../finetune/blanked-channels.ts';
import { LOSSES } from '../finetune/loss.ts';
import type { FinetuneOptions, StageOptions } from '../finetune/options.ts';
import { type RunResult, runFinetune } from '../finetune/run.ts';
import { SCHEDULES } from '../finetune/schedule.ts';
import {
  gridOf,
  INPUT_FLAGS,
  inputOf,
  invalidFlag,
  oneOf,
  positive,
  toggle,
  valued,
  whole,
} from '../flag-values.ts';
import { IMAGENET } from '../manifest.ts';
import { POSITION_FLAGS, positionOf } from '../position-flags.ts';

export const finetune: Command = {
  spec: {
    program: 'alibi-train',
    name: 'finetune',
    summary: 'Teach a student of another position what its frozen original knows',
    positionals: [],
    flags: {
      weights: valued('FILE', 'the original: .pth or .safetensors'),
      out: valued('DIR', 'where log.jsonl, config.json, student.safetensors and the state to resume go'),
      data: valued('PATH', 'a folder of images, an OME-Zarr store, or a JSON mixture of them'),
      tensors: valued('FILE', 'instead: images [N,3,H,W] and targets [N,dim,rows,cols] as one fixed batch'),
      heads: valued('N', 'attention heads (default: config.json beside the weights, else dim / 64)'),
      'trained-grid': valued('ROWS,COLS', 'grid of the position embedding, where it is not square'),
      ...POSITION_FLAGS,
      student: valued(
        'FILE',
        "weights the student starts from, such as an earlier run's (default: the original's)",
      ),
      'keep-blocks': valued('0,2,...', 'the student has these blocks of the original only'),
      loss: valued('KIND', 'cosine (default), mse, mae on final tokens'),
      blank: valued(
        'WHAT',
        'channels left out of the target: auto:K (default auto:7, the most positional), none, or numbers',
      ),
      steps: valued('N', 'default 1000'),
      batch: valued('N', 'crops a step (default 8)'),
      tokens: valued('N', 'along a side of a crop (default 16)'),
      margin: valued(
        'N',
        'the target comes from a view this many tokens wider (default 4); 0: from the same crop',
      ),
      'second-stage': valued('STEPS,TOKENS,BATCH,LR', 'then go on with larger crops'),
      scales: valued('LEAST,MOST', 'pixels of a crop for one of the image (default 0.6,2.5)'),
      roll: toggle('half the time content moves round the torus by whole tokens'),
      deck: valued('N', 'draw the same N views again and again, at other offsets, and keep their targets'),
      lr: valued('RATE', 'at its peak (default 2.5e-5)'),
      schedule: valued('KIND', 'cosine (default), constant'),
      warmup: valued('STEPS', 'default 40, 0 with a constant rate'),
      'weight-decay': valued('X', 'default 0.01'),
      clip: valued('NORM', 'of all gradients together (default 1; none with --tensors)'),
      accumulate: valued('N', 'batches a step (default 1)'),
      ema: valued('DECAY', 'the student is a moving average of the steps'),
      recompute: toggle('keep less for the backward pass, compute it again'),
      ...INPUT_FLAGS,
      seed: valued('N', 'default 1'),
      backend: valued('NAME', 'tensorflow-gpu, tensorflow, wasm; default: the first that loads'),
      resume: toggle('go on with the run in --out'),
      'save-every': valued('STEPS', 'default 100'),
      validate: valued('PATH', 'images the run never learns from: loss and probe in the log'),
      'validate-every': valued('STEPS', 'default 100'),
    },
    examples: [
      'finetune --weights model.safetensors --data micrographs --no-wrap --distance-scale 5 --hide-prefix --out runs/local',
      'finetune --weights model.safetensors --data mixture.json --roll --margin 0 --out runs/paper',
    ],
  },
  async run(flags, io) {
    const options = finetuneOptions(flags);
    const bar = progressBar(io, 'finetune');
    const timing = { fromStep: -1, startedMs: performance.now() };
    const result = await runFinetune(options, {
      signal: io.signal,
      say: io.err,
      onStep({ step, loss, lr, validation }, total) {
        if (timing.fromStep < 0) Object.assign(timing, { fromStep: step, startedMs: performance.now() });
        const perStepMs = (performance.now() - timing.startedMs) / Math.max(1, step - timing.fromStep);
        bar.update({
          done: step,
          total,
          ...(step > timing.fromStep ? { etaMs: perStepMs * (total - step) } : {}),
        });
        if (validation !== undefined) {
          const { lr: r2, ud } = validation.probeR2;
          io.err(
            `step ${step}: loss ${loss.toFixed(4)}, validation ${validation.loss.toFixed(4)}, probe R² ${r2.toFixed(2)} ${ud.toFixed(2)}, rate ${lr.toExponential(2)}`,
          );
        }
      },
    });
    bar.end();
    if (!result.done) {
      throw new Interrupted(`${result.steps} steps are kept in ${options.out}; go on with --resume`);
    }
    io.out(
      flags.has('json')
        ? JSON.stringify(jsonOf(result))
        : `${result.student}: ${result.steps} steps, loss ${result.lastLoss}`,
    );
    if (!flags.has('json'))
      io.err(`next: alibi-train convert ${result.student} ${convertFlags(flags, result.heads)}`);
    return 0;
  },
};

function jsonOf({ student, log, steps, lastLoss, backend }: RunResult) {
  return { student, log, steps, loss: lastLoss, backend: backend.name };
}

/** The position flags again, for the line that exports the student. */
function convertFlags(flags: Flags, heads: number): string {
  const own = Object.entries(POSITION_FLAGS)
    .filter(([name]) => flags.has(name))
    .map(([name, { type }]) => (type === 'string' ? `--${name} ${flags.text(name)}` : `--${name}`));
  return [`--heads ${heads}`, ...own, '--finetuned', '--out DIR'].join(' ');
}

function finetuneOptions(flags: Flags): FinetuneOptions {
  const required = (name: string): string => {
    const value = flags.text(name);
    if (value !== undefined) return value;
    throw invalidFlag('it is missing', `--${name}`);
  };
  const [pictures, tensors] = [flags.text('data'), flags.text('tensors')];
  if ((pictures === undefined) === (tensors === undefined)) {
    throw invalidFlag('one of --data and --tensors is needed', '--data');
  }
  const trainedGrid = flags.text('trained-grid');
  const scales = numbers(flags.text('scales') ?? '0.6,2.5', '--scales', 2);
  const schedule = oneOf(flags.text('schedule') ?? 'cosine', SCHEDULES, '--schedule');
  const second = flags.text('second-stage');
  const keep = flags.text('keep-blocks');
  const validation = flags.text('validate');
  const backend = flags.text('backend');
  const ema = flags.text('ema');
  const clip = flags.text('clip') ?? (tensors === undefined ? '1' : 'none');
  return {
    weights: required('weights'),
    out: required('out'),
    heads: flags.integer('heads', 1),
    trainedGrid: trainedGrid === undefined ? undefined : gridOf(trainedGrid),
    position: positionOf(flags),
    student: flags.text('student'),
    keepBlocks: keep === undefined ? null : keep.split(',').map((part) => whole(part, '--keep-blocks', 0)),
    data: tensors === undefined ? { pictures: pictures ?? '' } : { tensors },
    loss: oneOf(flags.text('loss') ?? 'cosine', LOSSES, '--loss'),
    blank: blankingOf(flags.text('blank') ?? (tensors === undefined ? 'auto:7' : 'none')),
    first: {
      steps: flags.integer('steps', 1) ?? 1000,
      tokens: flags.integer('tokens', 1) ?? 16,
      batch: flags.integer('batch', 1) ?? 8,
      peak: positive(flags.text('lr') ?? '2.5e-5', '--lr'),
    },
    second: second === undefined ? null : stageOf(second),
    margin: flags.integer('margin', 0) ?? 4,
    scales: [scales[0] ?? 1, scales[1] ?? 1],
    roll: flags.has('roll'),
    deck: flags.integer('deck', 2) ?? null,
    schedule,
    warmup: flags.integer('warmup', 0) ?? (schedule === 'constant' ? 0 : 40),
    weightDecay: notNegative(flags.text('weight-decay') ?? '0.01', '--weight-decay'),
    clip: clip === 'none' ? null : positive(clip, '--clip'),
    accumulate: flags.integer('accumulate', 1) ?? 1,
    emaDecay: ema === undefined ? null : decayOf(ema),
    recompute: flags.has('recompute'),
    ...IMAGENET,
    ...inputOf(flags),
    seed: flags.integer('seed', 0) ?? 1,
    backend: backend === undefined ? undefined : oneOf(backend, BACKENDS, '--backend'),
    resume: flags.has('resume'),
    saveEvery: flags.integer('save-every', 1) ?? 100,
    validation:
      validation === undefined
        ? null
        : { pictures: validation, every: flags.integer('validate-every', 1) ?? 100 },
  };
}

function stageOf(text: string): StageOptions {
  const [steps = 0, tokens = 0, batch = 0, peak = 0] = numbers(text, '--second-stage', 4);
  return {
    steps: whole(String(steps), '--second-stage', 1),
    tokens: whole(String(tokens), '--second-stage', 1),
    batch: whole(String(batch), '--second-stage', 1),
    peak,
  };
}

function numbers(text: string, flag: string, count: number): number[] {
  const parts = text.split(',').map((part) => positive(part, flag));
  if (parts.length === count) return parts;
  throw invalidFlag(`"${text}" is not ${count} numbers`, flag);
}

function notNegative(text: string, flag: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : positive(text, flag);
}

function decayOf(text: string): number {
  const decay = positive(text, '--ema');
  if (decay < 1) return decay;
  throw invalidFlag(`"${text}" is not below 1`, '--ema');
}
