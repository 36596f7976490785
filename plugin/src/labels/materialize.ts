import { transposed } from '../array/transposed.ts';
import { isAbort } from '../errors.ts';
import { validateStore } from '../ome/validate.ts';
import { failedListing, withKept, withNothingKept } from './explain-failure.ts';
import { groupDocument, toJson } from './group-metadata.ts';
import { groupFile } from './label-group.ts';
import { narrowed } from './narrowed.ts';
import { prepareSave } from './prepare-save.ts';
import { becameLabel, discardSave, listLabel, publishRevision, removeReplaced } from './publish-label.ts';
import { replacedLabel } from './replaced-label.ts';
import type { MaterializeInput, MaterializeResult, Save } from './save-types.ts';
import { verifyStored } from './verify-stored.ts';
import type { ConflictCheck } from './watched-set.ts';
import { writePyramid } from './write-pyramid.ts';

export type { MaterializeInput, MaterializeResult } from './save-types.ts';

/**
 * Save labels as an OME-Zarr label image with its pyramid. Chunks go to a fresh place, then the arrays'
 * metadata, then one `set` of the group's attributes makes them the label; the listing in `labels`,
 * consolidated metadata and the removal of the old arrays follow. Whatever fails, is aborted or killed before
 * that one `set` leaves the old state. A journal in the label's folder records each step: what is finished is not
 * computed again when the save is resumed.
 *
 * @throws AlibiError Conflict  the name is taken, or an interrupted save is there, and neither `overwrite` nor
 *   `resume` is set; or somebody else changed the label meanwhile
 * @throws AlibiError InvalidInput  a bad name, labels that fit no level
 * @throws AlibiError Environment  the target has not the room; and what the store throws, with what is kept
 */
export async function materialize(input: MaterializeInput): Promise<MaterializeResult> {
  const startMs = performance.now();
  const save = await prepareSave(input);
  const conflictCheck = save.published ? 'compared' : await writeAndPublish(save, input);
  try {
    await listLabel(save, input);
    if (input.keepReplaced !== true) await removeReplaced(save, input.target);
  } catch (error) {
    throw failedListing(error, save);
  }
  const validation = await validateStore(
    { store: input.target, path: save.label, location: `${input.image.location} labels/${input.name}` },
    { strict: false },
  );
  const objects = [...save.journal.finished.values()];
  const sum = (count: (object: (typeof objects)[number]) => number) =>
    objects.reduce((total, object) => total + count(object), 0);
  const replaced = input.keepReplaced === true && save.previous !== undefined && !save.published;
  return {
    written: sum(({ written }) => written),
    skipped: sum(({ skipped }) => skipped),
    resumed: save.resumed,
    objects: sum(({ bytes }) => (bytes > 0 ? 1 : 0)),
    bytes: sum(({ bytes }) => bytes),
    seconds: (performance.now() - startMs) / 1000,
    conflictCheck,
    validation: {
      valid: validation.valid,
      ...(validation.message === undefined ? {} : { message: validation.message }),
    },
    ...(replaced ? { replaced: replacedLabel(save, input.target) } : {}),
  };
}

/** Everything up to the `set` that makes the revision the label. */
async function writeAndPublish(save: Save, input: MaterializeInput): Promise<ConflictCheck> {
  const { plan, label, revision, journal } = save;
  const { target, signal } = input;
  const options = signal === undefined ? {} : { signal };
  const folder: `/${string}` = `${label}/${revision}`;
  try {
    await verifyStored(target, journal, options);
    const labels = transposed(
      narrowed(input.labels, save.dtype),
      plan.axes.map((axis) => axis.name),
    );
    await writePyramid(
      { store: target, folder, plan, labels, journal },
      { signal, onProgress: input.onProgress, total: journal.begin.chunks, pause: input.pause },
    );
    const group = toJson(groupDocument(plan.zarrFormat, {}));
    await target.set(`${folder}/${groupFile(plan.zarrFormat)}`, group, options);
    return await publishRevision(save, input, options);
  } catch (error) {
    if (await becameLabel(save, target).catch(() => false)) return 'compared';
    const nothingKept = journal.chunksDone === 0;
    if (nothingKept || (isAbort(error) && input.onAbort !== 'keep')) {
      // The first failure is what the caller needs to hear; the journal tells the next save what is left.
      await discardSave(save, target).catch(() => undefined);
      throw isAbort(error) ? error : withNothingKept(error, save);
    }
    throw isAbort(error) ? error : withKept(error, save);
  }
}
