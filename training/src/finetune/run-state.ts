import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { readParameters } from '../vit/parameters.ts';
import { openFile } from '../weights/open-file.ts';
import { readMetadata, readSafetensors } from '../weights/safetensors.ts';
import type { Tensor } from '../weights/vit-weights.ts';
import { writeSafetensors } from '../weights/write-safetensors.ts';
import type { Learner, StepRecord } from './loop.ts';

/** What a run needs to go on after a kill: all of it, bit for bit. Randomness is a function of the step. */
export interface RunState {
  /** Steps done. */
  readonly step: number;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Of the optimizer, `first.NAME` and `second.NAME`. */
  readonly moments: ReadonlyMap<string, Tensor>;
  readonly average: ReadonlyMap<string, Tensor>;
}

const STATE = 'state.safetensors';
const LOG = 'log.jsonl';

/** @param fingerprint  of what makes two runs the same run */
export async function saveState(
  dir: string,
  learner: Learner,
  o: { readonly step: number; readonly fingerprint: string },
): Promise<void> {
  const tensors = new Map<string, Tensor>();
  const add = (part: string, state: ReadonlyMap<string, Tensor>): void => {
    for (const [name, tensor] of state) tensors.set(`${part}/${name}`, tensor);
  };
  add('parameters', await readParameters(learner.vit.parameters));
  add('moments', await learner.optimizer.state());
  if (learner.average !== null) add('average', await learner.average.read());
  tensors.set('step', { shape: [1], data: Float32Array.of(o.step) });
  await writeSafetensors(join(dir, STATE), tensors, { fingerprint: o.fingerprint });
}

/** @throws AlibiError  NotFound: nothing to go on with; Conflict: the run was another one */
export async function openState(dir: string, fingerprint: string): Promise<RunState> {
  const path = join(dir, STATE);
  const file = await openFile(path);
  let tensors: Map<string, Tensor>;
  try {
    const stored = (await readMetadata(file)).get('fingerprint');
    if (stored !== fingerprint) {
      throw new AlibiError('Conflict', {
        what: 'the run there was started with other options',
        where: path,
        remedy: 'Give the options of config.json beside it, or another --out.',
        data: { stored, given: fingerprint },
      });
    }
    tensors = await readSafetensors(file);
  } finally {
    await file.close();
  }
  const part = (name: string): Map<string, Tensor> =>
    new Map(
      [...tensors]
        .filter(([key]) => key.startsWith(`${name}/`))
        .map(([key, tensor]) => [key.slice(name.length + 1), tensor]),
    );
  return {
    step: tensors.get('step')?.data[0] ?? 0,
    parameters: part('parameters'),
    moments: part('moments'),
    average: part('average'),
  };
}

/** The log up to a step, as a file cut there: what a killed run logged after its last state is done again. */
export async function truncateLog(dir: string, step: number): Promise<void> {
  const path = join(dir, LOG);
  const text = await readFile(path, 'utf8').catch(() => '');
  const kept = text.split('\n').filter((line) => line !== '' && recordStep(line) <= step);
  await writeFile(`${path}.part`, kept.map((line) => `${line}\n`).join(''));
  await rename(`${path}.part`, path);
}

function recordStep(line: string): number {
  try {
    const record: unknown = JSON.parse(line);
    if (
      typeof record === 'object' &&
      record !== null &&
      'step' in record &&
      typeof record.step === 'number'
    ) {
      return record.step;
    }
  } catch {
    // A line cut off by the kill.
  }
  return Number.POSITIVE_INFINITY;
}

export function logPath(dir: string): string {
  return join(dir, LOG);
}

export function logLine(record: StepRecord): string {
  return `${JSON.stringify({
    ...record,
    gradientNorm: Number(record.gradientNorm.toPrecision(6)),
    seconds: Number(record.seconds.toFixed(3)),
  })}\n`;
}
