import { createHash } from 'node:crypto';
import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { type Backend, openBackend } from '../backend.ts';
import { hashFile } from '../hash.ts';
import { storedPosition } from '../manifest.ts';
import { readWeights } from '../weights/read-weights.ts';
import { recordMetadata } from '../weights/student-record.ts';
import type { VitWeights } from '../weights/vit-weights.ts';
import { shapeOfWeights, type WeightsShape } from '../weights/weights-shape.ts';
import { writeSafetensors } from '../weights/write-safetensors.ts';
import { ADAMW, AdamW } from './adamw.ts';
import { type Batches, fixedBatch, teacherTokens, viewBatches } from './batches.ts';
import { blankedChannels } from './blanked-channels.ts';
import { finetune, type Learner, type Stage, type StepRecord } from './loop.ts';
import { MovingAverage } from './moving-average.ts';
import type { FinetuneOptions, StageOptions } from './options.ts';
import { logLine, logPath, openState, type RunState, saveState, truncateLog } from './run-state.ts';
import { learningRate } from './schedule.ts';
import { openSources } from './sources.ts';
import { type Batch, createVit, readStudent } from './student.ts';
import { openTeacher, type Teacher } from './teacher.ts';
import { openTensorBatch } from './tensor-batch.ts';
import { validate } from './validation.ts';
import { Views } from './views.ts';

export interface RunEvents {
  readonly signal: AbortSignal;
  say(text: string): void;
  onStep(record: StepRecord, total: number): void;
}

/** What a run left in its folder. */
export interface RunResult {
  readonly student: string;
  readonly log: string;
  readonly steps: number;
  readonly heads: number;
  readonly backend: Backend;
  /** Null where the run had been done already. */
  readonly lastLoss: number | null;
  /** False where it was interrupted; its state is kept. */
  readonly done: boolean;
}

const CACHE_BYTES = 4e9;
const VALIDATION_VIEWS = 16;

/**
 * Finetune a student of the weights' transformer under another position, its frozen original as the teacher.
 *
 * Writes config.json, log.jsonl (a line a step), state.safetensors (to go on after a kill) and student.safetensors
 * (timm's names) into the folder.
 *
 * @throws AlibiError  weights, data or state cannot be read or do not fit; the folder holds another run
 */
export async function runFinetune(options: FinetuneOptions, events: RunEvents): Promise<RunResult> {
  const backend = await openBackend(options.backend);
  events.say(`computing on ${backend.name}: ${backend.why}`);
  const read = await readWeights(options.weights, { trainedGrid: options.trainedGrid });
  const { weights } = read;
  const shape = await shapeOfWeights(options.weights, read, options.heads);
  const fingerprint = await fingerprintOf(options);
  const state = await startOrResume(options, fingerprint);
  const start = options.student === undefined ? weights : await readStart(options.student, weights);
  const data = await openData(options, { weights, shape, events });
  try {
    const learner = createLearner(options, { weights: start, shape, state });
    const total = options.first.steps + (options.second?.steps ?? 0);
    const done = state?.step ?? 0;
    await writeFile(
      join(options.out, 'config.json'),
      `${JSON.stringify({ ...published(options), ...shape, blank: data.blank, backend: backend.name }, null, 2)}\n`,
    );
    const outcome = await train(options, { learner, data, events, fingerprint, done, total });
    const student = join(options.out, 'student.safetensors');
    if (outcome.step === total) {
      const final = learner.average === null ? await readStudent(learner.vit) : await learner.average.read();
      await writeSafetensors(
        student,
        final,
        recordMetadata({
          format: 'alibi-train/student/1',
          ...shape,
          position: storedPosition(options.position, weights),
          input: { mean: [...options.mean], std: [...options.std] },
          blank: [...data.blank],
        }),
      );
    }
    return {
      student,
      log: logPath(options.out),
      steps: outcome.step,
      heads: shape.heads,
      backend,
      lastLoss: outcome.loss,
      done: outcome.step === total,
    };
  } finally {
    await data.close();
  }
}

interface Training {
  readonly learner: Learner;
  readonly data: Data;
  readonly events: RunEvents;
  readonly fingerprint: string;
  /** Steps done before, and in all. */
  readonly done: number;
  readonly total: number;
}

async function train(
  options: FinetuneOptions,
  { learner, data, events, fingerprint, done, total }: Training,
): Promise<{ step: number; loss: number | null }> {
  let step = done;
  let loss: number | null = null;
  for await (const record of finetune(learner, done, { ...options, stages: data.stages })) {
    step = record.step;
    loss = record.loss;
    assertFinite(record, options.out);
    const due =
      data.validation.length > 0 && (step % (options.validation?.every ?? total) === 0 || step === total);
    const validation = due
      ? { validation: validate(learner.vit, data.validation, { loss: options.loss, blank: data.blank }) }
      : {};
    await appendFile(logPath(options.out), logLine({ ...record, ...validation }));
    events.onStep({ ...record, ...validation }, total);
    const stops = events.signal.aborted && step < total;
    if (stops || step % options.saveEvery === 0 || step === total) {
      await saveState(options.out, learner, { step, fingerprint });
    }
    if (stops) break;
  }
  return { step, loss };
}

function assertFinite({ step, loss }: StepRecord, where: string): void {
  if (Number.isFinite(loss)) return;
  throw new AlibiError('Internal', {
    what: `the loss of step ${step} is ${loss}`,
    where,
    remedy: 'Lower --lr or give --clip, and go on from the last state with --resume.',
  });
}

/** @throws AlibiError  weights that cannot be read; InvalidInput: of another width or patch than the original's */
async function readStart(path: string, { dim, patch }: VitWeights): Promise<VitWeights> {
  const { weights } = await readWeights(path, {});
  if (weights.dim === dim && weights.patch === patch) return weights;
  throw new AlibiError('InvalidInput', {
    what: `the student has ${weights.dim} channels and patches of ${weights.patch} px, the original ${dim} and ${patch} px`,
    where: path,
    remedy: 'Give weights of the same width and patch as the original with --student.',
  });
}

function createLearner(
  options: FinetuneOptions,
  o: {
    readonly weights: VitWeights;
    readonly shape: WeightsShape;
    readonly state: RunState | null;
  },
): Learner {
  const kept = options.keepBlocks;
  const weights =
    kept === null ? o.weights : { ...o.weights, blocks: kept.map((n) => blockOf(o.weights, n)) };
  const vit = createVit(weights, { ...o.shape, position: options.position, state: o.state?.parameters });
  const optimizer = new AdamW(
    vit.parameters,
    { ...ADAMW, weightDecay: options.weightDecay },
    o.state?.moments,
  );
  if (options.emaDecay === null) return { vit, optimizer, average: null };
  return { vit, optimizer, average: new MovingAverage(options.emaDecay, o.state?.average ?? vit.parameters) };
}

function blockOf(weights: VitWeights, n: number) {
  const block = weights.blocks[n];
  if (block !== undefined) return block;
  throw new AlibiError('InvalidInput', {
    what: `there is no block ${n}: the weights have 0 to ${weights.blocks.length - 1}`,
    where: '--keep-blocks',
    remedy: 'Name blocks that there are.',
  });
}

/** Null: from the beginning. @throws AlibiError  Conflict: a run is there and --resume was not asked for */
async function startOrResume(options: FinetuneOptions, fingerprint: string): Promise<RunState | null> {
  await mkdir(options.out, { recursive: true });
  const exists = await stat(join(options.out, 'state.safetensors')).then(
    () => true,
    () => false,
  );
  if (exists && !options.resume) {
    throw new AlibiError('Conflict', {
      what: 'there is a run in the folder',
      where: options.out,
      remedy: 'Go on with it with --resume, or give another --out.',
    });
  }
  const state = exists ? await openState(options.out, fingerprint) : null;
  await truncateLog(options.out, state?.step ?? 0);
  return state;
}

interface Data {
  readonly stages: readonly Stage[];
  readonly validation: readonly Batch[];
  readonly blank: readonly number[];
  close(): Promise<void>;
}

async function openData(
  options: FinetuneOptions,
  o: {
    readonly weights: VitWeights;
    readonly shape: WeightsShape;
    readonly events: RunEvents;
  },
): Promise<Data> {
  const { patch, dim } = o.weights;
  if ('tensors' in options.data) {
    const batch = await openTensorBatch(options.data.tensors, { patch, dim });
    const blank = Array.isArray(options.blank) ? options.blank : [];
    return {
      stages: stagesOf(options, () => fixedBatch(batch)),
      validation: [],
      blank,
      close: async () => {},
    };
  }
  const { signal } = o.events;
  const sources = await openSources(options.data.pictures, { seed: options.seed, signal });
  const teacher = await openTeacher(o.weights, o.shape);
  const viewsOf = (tokens: number, seed: number): Views =>
    new Views(sources, { ...options, seed, sizePx: tokens * patch });
  const blank = await blankedChannels(options.blank, {
    teacher,
    sources,
    views: { ...options, seed: options.seed + 1 },
    tokens: options.first.tokens,
    patch,
    dim,
  });
  o.events.say(`channels left out of the target: ${blank.join(', ') || 'none'}`);
  const batchesOf = (stage: StageOptions): Batches => {
    const viewTokens = stage.tokens + options.margin;
    const sizePx = viewTokens * patch;
    const tokens = teacherTokens(teacher, { sizePx, byteLimit: options.deck === null ? 0 : CACHE_BYTES });
    return viewBatches(viewsOf(viewTokens, options.seed), tokens, {
      ...options,
      count: stage.batch,
      tokens: stage.tokens,
      viewTokens,
      patch,
      dim,
      blank,
      parts: options.accumulate,
    });
  };
  return {
    stages: stagesOf(options, batchesOf),
    validation: await validationBatches(options, { teacher, patch, dim, blank, signal }),
    blank,
    close: async () => {
      await Promise.all([teacher.close(), ...sources.map((source) => source.close?.())]);
    },
  };
}

function stagesOf(options: FinetuneOptions, batchesOf: (stage: StageOptions) => Batches): Stage[] {
  const stages: Stage[] = [];
  for (const stage of [options.first, options.second]) {
    if (stage === null) continue;
    const from = stages.at(-1)?.to ?? 0;
    const warmup = from === 0 ? options.warmup : 0;
    const schedule = { kind: options.schedule, peak: stage.peak, warmup, steps: stage.steps };
    stages.push({
      from,
      to: from + stage.steps,
      batches: batchesOf(stage),
      rate: (step) => learningRate(schedule, step - from),
    });
  }
  return stages;
}

/** Views of pictures of their own, the target of the same crop. */
async function validationBatches(
  options: FinetuneOptions,
  o: {
    readonly teacher: Teacher;
    readonly patch: number;
    readonly dim: number;
    readonly blank: readonly number[];
    readonly signal: AbortSignal;
  },
): Promise<Batch[]> {
  if (options.validation === null) return [];
  const sources = await openSources(options.validation.pictures, { seed: 0, signal: o.signal });
  const { tokens } = options.first;
  const views = new Views(sources, { ...options, seed: 0, sizePx: tokens * o.patch });
  const batches = viewBatches(views, teacherTokens(o.teacher, { sizePx: tokens * o.patch, byteLimit: 0 }), {
    seed: 0,
    count: 4,
    patch: o.patch,
    dim: o.dim,
    tokens,
    viewTokens: tokens,
    roll: false,
    blank: o.blank,
    deck: null,
    parts: 1,
  });
  return Promise.all(Array.from({ length: VALIDATION_VIEWS / 4 }, (_, n) => batches.batch(n, 0)));
}

/**
 * Options that make two runs the same. What only says how it is computed or where it is put is left out, and so is how
 * long it goes on: a run may be resumed with more or fewer steps.
 */
async function fingerprintOf(options: FinetuneOptions): Promise<string> {
  const { weights, position, keepBlocks, data, loss, blank, first, margin, scales, roll, deck, seed } =
    options;
  const { batch, tokens } = first;
  const { weightDecay, clip, accumulate, emaDecay, mean, std } = options;
  const source = 'tensors' in data ? data.tensors : data.pictures;
  const isFile = (await stat(source).catch(() => null))?.isFile() ?? false;
  const same = { position, keepBlocks, loss, blank, batch, tokens, margin, scales, roll, deck, seed };
  const rest = { weightDecay, clip, accumulate, emaDecay, mean, std };
  const files = {
    weights: await hashFile(weights),
    ...(options.student === undefined ? {} : { student: await hashFile(options.student) }),
    data: isFile ? await hashFile(source) : source,
  };
  return createHash('sha256')
    .update(JSON.stringify({ ...same, ...rest, ...files }))
    .digest('hex');
}

/** Without the reader's own folders. */
function published(options: FinetuneOptions): Record<string, unknown> {
  const { out, resume, ...rest } = options;
  const short = (path: string): string => path.split(/[\\/]/).slice(-2).join('/');
  const data =
    'tensors' in options.data
      ? { tensors: short(options.data.tensors) }
      : { pictures: short(options.data.pictures) };
  const validation = options.validation && {
    ...options.validation,
    pictures: short(options.validation.pictures),
  };
  const student = options.student && short(options.student);
  return { ...rest, weights: short(options.weights), student, data, validation };
}
