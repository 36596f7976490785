import { AlibiError } from '../errors.ts';
import type { WriteStore } from '../stores/store.ts';
import { updateConsolidated } from './consolidated.ts';
import { readJson } from './group-metadata.ts';
import { remainsOf } from './label-group.ts';
import { readMetadata, removeReplaced } from './publish-label.ts';
import { removeArrays } from './revision.ts';
import type { Save } from './save-types.ts';
import { setWatched, watch } from './watched-set.ts';

/** A label image that was replaced and whose chunks are still there; one of the two is to be called, once. */
export interface Replaced {
  /** Make it the label again and remove what replaced it. @throws AlibiError Conflict  it was changed since */
  undo(): Promise<void>;
  /** Remove it for good. What is never called is done by the next save of the name. */
  remove(): Promise<void>;
}

export function replacedLabel(save: Save, target: WriteStore): Replaced {
  const { watched, label, revision, journal, plan, previous } = save;
  return {
    async undo() {
      const now = await watch(target, watched.key);
      const isOurs = new TextDecoder().decode(now.bytes ?? new Uint8Array(0)).includes(revision);
      if (!isOurs || watched.bytes === undefined || !(await journal.isOurs())) {
        throw new AlibiError('Conflict', {
          what: 'the labels have been changed since they were saved',
          where: label.slice(1),
          remedy: 'Look at what is there now; what was replaced can no longer be brought back.',
        });
      }
      await setWatched(target, now, watched.bytes, { probe: journal.key });
      const old = (await remainsOf(target, label, previous)).arrays.map(({ path }) => path);
      const groups = [
        label,
        ...new Set(old.map((path): `/${string}` => `/${path.split('/').slice(1, -1).join('/')}`)),
      ];
      await updateConsolidated(
        target,
        plan.zarrFormat,
        label,
        await readMetadata(target, plan.zarrFormat, [...new Set([...groups, ...old])]),
      );
      await removeArrays(target, journal.begin.arrays, [`${label}/${revision}`]);
      await journal.remove();
      await target.tidy?.(label);
    },
    async remove() {
      if ((await readJson(target, watched.key)) !== undefined && (await journal.isOurs()))
        await removeReplaced(save, target);
    },
  };
}
