import { fitId, sha256 } from '../array/fit.ts';
import { AlibiError } from '../errors.ts';
import type { WriteStore } from '../stores/store.ts';
import { assertRoom } from './assert-room.ts';
import { withKept } from './explain-failure.ts';
import { readGroup } from './group-metadata.ts';
import { Journal } from './journal.ts';
import { joinedRemains, leftBy, type Remains } from './journal-entries.ts';
import {
  assertSameFormat,
  attributesFile,
  datasetPaths,
  groupPath,
  listedNames,
  remainsOf,
} from './label-group.ts';
import { assertLabelName } from './label-name.ts';
import { labelWidth } from './narrowed.ts';
import { type PyramidPlan, planPyramid } from './pyramid-plan.ts';
import { createRevisionId, plannedKeys } from './revision.ts';
import type { MaterializeInput, Save } from './save-types.ts';
import { changed, watch } from './watched-set.ts';
import { chunkTotal } from './write-level.ts';

/**
 * Look at the target, and begin a journal there or go on with the one that is there. Nothing else is written.
 *
 * @throws AlibiError Conflict  the name is taken, or an interrupted save of it is there, and neither may be replaced
 * @throws AlibiError Environment  the target has not the room
 */
export async function prepareSave(input: MaterializeInput): Promise<Save> {
  const { image, target, name, signal } = input;
  signal?.throwIfAborted();
  const options = signal === undefined ? {} : { signal };
  assertLabelName(name);
  const plan = planPyramid(image, input.labels, input);
  const dtype = labelWidth(input.labels.dtype, input.maxId);
  const out = groupPath(input.targetPath);
  const labels: `/${string}` = `${out}/labels`;
  const label: `/${string}` = `${labels}/${name}`;
  await assertSameFormat(target, out, plan.zarrFormat);
  // The file first: what is read of the group after it is as new, or newer.
  const watched = await watch(target, `${label}/${attributesFile(plan.zarrFormat)}`, options);
  const [previous, listing, journal] = await Promise.all([
    readGroup(target, label, plan.zarrFormat, options),
    readGroup(target, labels, plan.zarrFormat, options),
    Journal.read(target, label, options),
  ]);
  const place = { plan, dtype, out, labels, label, previous, watched };
  const work = await workId(input, plan, dtype);
  const found = watched.bytes === undefined ? null : await sha256(new Uint8Array(watched.bytes));
  const published = (journal: Journal) =>
    datasetPaths(previous).some((path) => path.startsWith(`${journal.begin.revision}/`));
  const unfinished = journal?.isUnfinishedSave === true ? journal : undefined;
  const isPublished = journal?.begin.purpose.kind === 'save' && published(journal);
  if (journal !== undefined && input.resume === true && (isPublished || unfinished !== undefined)) {
    const obstacle =
      journal.begin.work !== work
        ? otherWork(journal, label)
        : !isPublished && journal.begin.found !== found && input.overwrite !== true
          ? withKept(changed(watched.key), { journal, label, previous })
          : undefined;
    if (obstacle === undefined) return goOn(journal, { ...place, published: isPublished }, input);
    // Of other work: it is thrown away where it may be.
    if (input.overwrite !== true) throw obstacle;
  }
  if (unfinished !== undefined && input.overwrite !== true)
    throw isUnfinished(unfinished, label, previous !== undefined);
  if (unfinished === undefined && previous !== undefined && input.overwrite !== true)
    throw taken(label, listedNames(listing).includes(name));
  await assertRoom(target, place, 1);
  const revision = createRevisionId();
  // What died before goes when this is the label, not before: it may be alive after all.
  const left = journal === undefined ? nothing : leftBy(journal.begin, label);
  const remains = joinedRemains(await remainsOf(target, label, previous), left);
  const begun = await Journal.start(
    target,
    label,
    {
      revision,
      work,
      found,
      chunks: plan.levels.reduce((sum, level) => sum + chunkTotal(level), 0),
      arrays: plan.levels.map((level, n) =>
        plannedKeys(
          `${label}/${revision}/${n}`,
          plan.zarrFormat,
          level.shape,
          level.shardShape ?? level.chunkShape,
        ),
      ),
      remains,
      overwrite: input.overwrite === true,
    },
    { ...options, replaces: journal },
  );
  return { ...place, remains, revision, journal: begun, resumed: 0, published: false };
}

/**
 * Before a save is worked out: is there one of that name that was interrupted?
 *
 * @throws AlibiError Conflict  there is, with how much of it is done
 */
export async function assertNoInterruptedSave(store: WriteStore, path: string, name: string): Promise<void> {
  const label: `/${string}` = `${groupPath(path)}/labels/${name}`;
  const journal = await Journal.read(store, label);
  if (journal?.isUnfinishedSave === true) throw isUnfinished(journal, label);
}

/** What a save of a name would find: labels, or a save that was interrupted. */
export async function lookAtTarget(
  store: WriteStore,
  path: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<{
  readonly taken: boolean;
  readonly unfinished: { readonly started: string; readonly done: number; readonly total: number } | null;
}> {
  const label: `/${string}` = `${groupPath(path)}/labels/${name}`;
  const options = signal === undefined ? {} : { signal };
  const [journal, v2, v3] = await Promise.all([
    Journal.read(store, label, options),
    readGroup(store, label, 2, options),
    readGroup(store, label, 3, options),
  ]);
  return {
    taken: v2 !== undefined || v3 !== undefined,
    unfinished:
      journal?.isUnfinishedSave !== true
        ? null
        : { started: journal.begin.started, done: journal.chunksDone, total: journal.begin.chunks },
  };
}

/** Continue a save that did not end. */
async function goOn(
  journal: Journal,
  place: Omit<Save, 'journal' | 'revision' | 'resumed' | 'remains'>,
  input: MaterializeInput,
): Promise<Save> {
  const { begin, chunksDone } = journal;
  // What is replaced may be another label by now than the one that was there when it began.
  const replaced = place.published ? nothing : await remainsOf(input.target, place.label, place.previous);
  await assertRoom(input.target, place, 1 - chunksDone / Math.max(1, begin.chunks));
  await journal.resume(input.signal === undefined ? {} : { signal: input.signal });
  const remains = joinedRemains(begin.remains, replaced);
  return { ...place, remains, revision: begin.revision, journal, resumed: chunksDone };
}

/** sha256 of what decides which bytes are stored, and what the label says of itself. */
function workId(input: MaterializeInput, plan: PyramidPlan, dtype: string): Promise<string> {
  const { name, classes, provenance } = input;
  return fitId({ name, classes, provenance, plan, dtype });
}

const nothing: Remains = { folders: [], arrays: [] };

function isUnfinished(journal: Journal, label: `/${string}`, isTaken?: boolean): AlibiError {
  const { started, chunks } = journal.begin;
  const done = journal.chunksDone;
  return new AlibiError('Conflict', {
    what: `an interrupted save of these labels is there, begun ${started}, ${done} of ${chunks} chunks done`,
    where: label.slice(1),
    remedy: 'Continue it (--resume), or throw it away and start anew (--overwrite).',
    data: { unfinished: { started, done, total: chunks }, taken: isTaken },
  });
}

function otherWork(journal: Journal, label: `/${string}`): AlibiError {
  return new AlibiError('Conflict', {
    what: `the interrupted save begun ${journal.begin.started} was of other labels: settings, model or image differ`,
    where: label.slice(1),
    remedy: 'Continue it with the settings it was begun with, or throw it away and start anew (--overwrite).',
    data: {
      unfinished: { started: journal.begin.started, done: journal.chunksDone, total: journal.begin.chunks },
    },
  });
}

function taken(label: `/${string}`, listed: boolean): AlibiError {
  return new AlibiError('Conflict', {
    what: `a label image "${label.split('/').at(-1)}" is there already${listed ? '' : ', though not listed'}`,
    where: label.slice(1),
    remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
  });
}
