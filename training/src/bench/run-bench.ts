import type { Flags, Io } from 'alibi-zarr/command-line';
import { duration, progressBar } from 'alibi-zarr/command-line';
import type { BenchComparison, BenchFigures, BenchModel } from 'alibi-zarr-schemas';
import { commandText, type FlagSpecs, PRECISION_FLAG, precisionOf, toggle, valued } from '../flag-values.ts';
import type { Precision } from '../onnx/precision.ts';
import { type BenchFiles, benchFiles } from './bench-files.ts';
import { type BenchSubject, openSubject } from './bench-subject.ts';
import { figureTable } from './figure-table.ts';
import { storeFigures } from './store-figures.ts';
import { assertWritable, writeWhole } from './write-whole.ts';

/** What every bench's result has. */
export interface BenchResult {
  readonly format: string;
  readonly model: BenchModel;
  readonly command: string;
  readonly figures: BenchFigures;
}

/** What a measurement is given besides what it measures. */
export interface BenchContext {
  readonly images: readonly string[];
  readonly command: string;
  readonly signal: AbortSignal;
  /** Says how many steps there will be; then call `step` after each. */
  expect(steps: number): void;
  /** Counts a step and lets other work run. @throws the signal's reason where it has aborted */
  step(): Promise<void>;
}

export const BENCH_FLAGS: FlagSpecs = {
  precision: PRECISION_FLAG,
  out: valued('FILE.json', 'also write the result there'),
  write: toggle("store the figures in the manifest's `measured`"),
};

/** Where there is no bar, such as in a log. */
const LINE_EVERY_MS = 30_000;

/**
 * Measures every checkpoint given and says what came out.
 *
 * One checkpoint: its result; several: a table for people, a comparison of their results as JSON.
 */
export async function runBench<R extends BenchResult>(
  flags: Flags,
  io: Io,
  o: {
    readonly name: string;
    /** Default: the flags' own. */
    readonly positionals?: readonly string[];
    readonly measure: (subject: BenchSubject, context: BenchContext) => Promise<R>;
  },
): Promise<0> {
  const files = await benchFiles(o.positionals ?? flags.positionals, `alibi-train ${o.name}`);
  return runMeasurements(flags, io, { ...files, name: o.name, measure: o.measure });
}

/** The same for a bench whose images are not among its arguments. */
export async function runMeasurements<R extends BenchResult>(
  flags: Flags,
  io: Io,
  o: BenchFiles & {
    readonly name: string;
    readonly measure: (subject: BenchSubject, context: BenchContext) => Promise<R>;
  },
): Promise<0> {
  const out = flags.text('out');
  if (out !== undefined) await assertWritable(out);
  const command = `alibi-train ${o.name} ${commandText(flags.argv)}`;
  const precision = precisionOf(flags.text('precision'));
  const results: R[] = [];
  for (const path of o.manifests) {
    const result = await measureOne(path, { images: o.images, command, io, precision, measure: o.measure });
    if (flags.has('write')) await storeFigures(path, result);
    results.push(result);
  }
  await giveResults(results, { flags, io, out });
  return 0;
}

/** Writes results where they were asked for, and prints them as asked for. */
export async function giveResults<R extends BenchResult>(
  results: readonly R[],
  o: { readonly flags: Flags; readonly io: Io; readonly out: string | undefined },
): Promise<void> {
  const [only] = results;
  const output: R | BenchComparison =
    results.length === 1 && only !== undefined
      ? only
      : { format: 'alibi-train/comparison/1', results: [...results] };
  if (o.out !== undefined) await writeWhole(o.out, `${JSON.stringify(output, null, 2)}\n`);
  if (o.flags.has('json')) o.io.out(JSON.stringify(output));
  else for (const line of figureTable(results)) o.io.out(line);
}

/** Opens a checkpoint, measures it under a progress bar, and closes it. */
export async function measureOne<R>(
  path: string,
  o: {
    readonly images: readonly string[];
    readonly command: string;
    readonly io: Io;
    readonly precision: Precision | undefined;
    readonly measure: (subject: BenchSubject, context: BenchContext) => Promise<R>;
  },
): Promise<R> {
  const subject = await openSubject(path, o.precision);
  const { end, ...steps } = stepsShown(o.io, subject.model.name);
  if (o.io.status === undefined) o.io.err(`${subject.model.name}, ${subject.model.position}: ${path}`);
  try {
    return await o.measure(subject, {
      images: o.images,
      command: o.command,
      signal: o.io.signal,
      ...steps,
    });
  } finally {
    end();
    await subject.runner.close();
  }
}

/** Steps counted on a bar, with an estimate of the time left; a line now and then where there is no terminal. */
export function stepsShown(io: Io, title: string): Pick<BenchContext, 'expect' | 'step'> & { end(): void } {
  const bar = progressBar(io, title);
  const started = performance.now();
  let [done, total, saidMs] = [0, 0, started];
  return {
    expect: (steps) => {
      total += steps;
    },
    step: async () => {
      io.signal.throwIfAborted();
      // A step is mostly native work or arithmetic: an interrupt is heard between two.
      await new Promise(setImmediate);
      done++;
      const nowMs = performance.now();
      const etaMs = ((nowMs - started) / done) * (total - done);
      bar.update({ done, total, etaMs });
      if (io.status !== undefined || nowMs - saidMs < LINE_EVERY_MS) return;
      saidMs = nowMs;
      io.err(`${title}: ${done}/${total}, ${duration(etaMs)} left`);
    },
    end: () => bar.end(),
  };
}
