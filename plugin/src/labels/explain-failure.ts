import { AlibiError, asAlibiError } from '../errors.ts';
import type { Save } from './save-types.ts';

/** A failure before the labels count, with what is kept of them (`data.unfinished`), whether there are others (`data.taken`), and how to go on. */
export function withKept(
  error: unknown,
  { journal, label, previous }: Pick<Save, 'journal' | 'label' | 'previous'>,
): AlibiError {
  const failure = asAlibiError(error, label.slice(1));
  const { tag, what, where, remedy, data } = failure;
  // Another save has begun in its place: what was kept is no longer to be continued.
  if (data.overtaken === true) return failure;
  const { started, chunks: total } = journal.begin;
  const done = journal.chunksDone;
  const now = asBefore(previous);
  const kept = `${done} of ${total} chunks are kept: continue the save`;
  return new AlibiError(tag, {
    what,
    where,
    remedy:
      data.changed === true
        ? `${remedy} ${kept} and allow it to overwrite (--resume --overwrite) to put them in place of what is there.`
        : `${remedy} ${now}; ${kept} (--resume) to go on from there.`,
    cause: error,
    data: { ...data, unfinished: { started, done, total }, taken: previous !== undefined },
  });
}

/** A failure before anything was finished. */
export function withNothingKept(
  error: unknown,
  { label, previous }: Pick<Save, 'label' | 'previous'>,
): AlibiError {
  const { tag, what, where, remedy, data } = asAlibiError(error, label.slice(1));
  return new AlibiError(tag, {
    what,
    where,
    remedy: `${remedy} ${asBefore(previous)}; nothing of the save is kept.`,
    cause: error,
    data,
  });
}

function asBefore(previous: Save['previous']): string {
  return previous === undefined ? 'There are no labels of that name yet' : 'The labels are as they were';
}

/** A failure after it. */
export function failedListing(
  error: unknown,
  { label, journal }: Pick<Save, 'journal' | 'label'>,
): AlibiError {
  const { tag, what, where, remedy, data } = asAlibiError(error, label.slice(1));
  const { started, chunks } = journal.begin;
  return new AlibiError(tag, {
    what,
    where,
    remedy: `${remedy} The labels are saved in full, but may not be listed yet: continue the save (--resume) to end it.`,
    cause: error,
    data: { ...data, unfinished: { started, done: journal.chunksDone, total: chunks } },
  });
}
