import { Gradients } from '../vit/parameters.ts';
import type { Vit } from '../vit/transformer.ts';
import { type AdamW, globalNorm } from './adamw.ts';
import type { Batches } from './batches.ts';
import type { LossKind } from './loss.ts';
import type { MovingAverage } from './moving-average.ts';
import { addGradients } from './student.ts';
import type { ValidationRecord } from './validation.ts';

/** A run of steps alike: later stages see larger windows at lower rates. */
export interface Stage {
  /** The first step, from 0, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly batches: Batches;
  /** @param step  from 0 */
  rate(step: number): number;
}

export interface LoopOptions {
  readonly stages: readonly Stage[];
  readonly loss: LossKind;
  /** Batches whose gradients are averaged before a step. */
  readonly accumulate: number;
  /** Gradients are scaled down to this global norm; null: as they are. */
  readonly clip: number | null;
  readonly recompute: boolean;
}

/** One line of log.jsonl. */
export interface StepRecord {
  /** From 1. */
  readonly step: number;
  /** Before the step. */
  readonly loss: number;
  readonly lr: number;
  readonly gradientNorm: number;
  readonly seconds: number;
  readonly validation?: ValidationRecord;
}

export interface Learner {
  readonly vit: Vit;
  readonly optimizer: AdamW;
  readonly average: MovingAverage | null;
}

/**
 * Train, a record a step; whoever takes the records may stop, save and go on between them.
 *
 * @param first  step to begin with, from 0
 */
export async function* finetune(
  learner: Learner,
  first: number,
  options: LoopOptions,
): AsyncGenerator<StepRecord, void, void> {
  const last = options.stages.at(-1)?.to ?? 0;
  let next = draw(options, first, 0);
  for (let step = first; step < last; step++) {
    const stage = stageOf(options.stages, step);
    const startedMs = performance.now();
    const gradients = new Gradients();
    let loss = 0;
    for (let part = 0; part < options.accumulate; part++) {
      const batch = await next;
      const isLast = part === options.accumulate - 1;
      // The next batch's teacher runs on another thread while this one's gradients are computed.
      if (!isLast || step + 1 < last) next = draw(options, isLast ? step + 1 : step, isLast ? 0 : part + 1);
      // Let the teacher start: the gradients hold this thread.
      await new Promise((resolve) => setImmediate(resolve));
      loss += addGradients(learner.vit, batch, { ...options, gradients }) / options.accumulate;
    }
    if (options.accumulate > 1) gradients.scale(1 / options.accumulate);
    const gradientNorm = globalNorm(gradients.entries());
    const factor = options.clip === null ? 1 : Math.min(1, options.clip / (gradientNorm + 1e-6));
    const lr = stage.rate(step);
    learner.optimizer.apply(learner.vit.parameters, gradients.entries(), {
      learningRate: lr,
      step: step + 1,
      factor,
    });
    learner.average?.update(learner.vit.parameters);
    gradients.dispose();
    yield { step: step + 1, loss, lr, gradientNorm, seconds: (performance.now() - startedMs) / 1000 };
  }
}

/** A failed draw is thrown where it is awaited, not as an unhandled rejection beside the gradients. */
function draw({ stages }: LoopOptions, step: number, part: number) {
  const promise = stageOf(stages, step).batches.batch(step, part);
  promise.catch(() => {});
  return promise;
}

function stageOf(stages: readonly Stage[], step: number): Stage {
  const stage = stages.find(({ from, to }) => step >= from && step < to) ?? stages.at(-1);
  if (stage === undefined) throw new TypeError('a run has stages');
  return stage;
}
