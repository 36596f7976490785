import { type MaterializeInput, type MaterializeResult, materialize } from '../labels/materialize.ts';
import { assertNoInterruptedSave } from '../labels/prepare-save.ts';
import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import { progressBar } from './progress-bar.ts';
import type { SaveTarget } from './save-target.ts';

/** Chunks of a save that are finished, as far as was told. */
export interface Kept {
  done: number;
  total: number;
}

/**
 * Before a save is worked out: the flags say what becomes of one that was interrupted.
 *
 * @throws AlibiError Conflict  there is one, and they do not
 */
export async function assertNoneInterrupted(flags: Flags, { to }: SaveTarget, name: string): Promise<void> {
  if (flags.has('resume') || flags.has('overwrite')) return;
  await assertNoInterruptedSave(to.target, to.targetPath, name);
}

/**
 * Save labels as the flags of a command say, with progress; what is finished when it is interrupted is kept.
 *
 * @param kept  told how much of it is finished
 */
export async function saveLabels(
  target: SaveTarget,
  input: Omit<MaterializeInput, 'overwrite' | 'resume' | 'onAbort' | 'signal' | 'onProgress'>,
  { flags, io, kept }: { readonly flags: Flags; readonly io: Io; readonly kept: Kept },
): Promise<MaterializeResult> {
  const bar = progressBar(io, `Saving labels/${input.name}`);
  const saved = await materialize({
    ...input,
    overwrite: flags.has('overwrite'),
    resume: flags.has('resume'),
    onAbort: 'keep',
    signal: io.signal,
    onProgress: (progress) => {
      kept.done = progress.done;
      kept.total = progress.total;
      bar.update(progress);
    },
  });
  bar.end();
  const packing = progressBar(io, `Packing ${target.location}`);
  const result = (await target.finish?.(saved, (progress) => packing.update(progress))) ?? saved;
  packing.end();
  if (flags.has('resume') && saved.resumed === 0)
    io.err('alibi-zarr: there was no interrupted save to continue');
  return result;
}

/** What an interruption leaves, for people. */
export function whatIsLeft(name: string, { done, total }: Kept): string {
  const before = `the labels "${name}" are as they were before`;
  return done === 0
    ? `${before}, and nothing half written is left`
    : `${before}; ${done} of ${total} chunks are kept: the same command with --resume continues`;
}
