// The page of killed-tab.test.ts: saves labels into the browser's own storage, and stops dead at one of its operations.
import { readRegion } from '../../plugin/src/array/region.ts';
import { Journal } from '../../plugin/src/labels/journal.ts';
import { type MaterializeInput, materialize } from '../../plugin/src/labels/materialize.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { setCodecWorkers } from '../../plugin/src/stores/codec-workers.ts';
import { openOpfsStore } from '../../plugin/src/stores/opfs.ts';
import type { WriteStore } from '../../plugin/src/stores/store.ts';
import {
  type KillScenario,
  newId,
  oldId,
  saveInput,
  writeScenarioImage,
} from '../../plugin/test/labels/kill-scenario.ts';

// No worker's script is served here.
setCodecWorkers(null);

export const folder = 'alibi-killed-tab';

async function open() {
  const store = await openOpfsStore(folder);
  return { store, image: await openImage({ store, path: '', location: folder }) };
}

export const killedTab = {
  /** An image, with labels to be replaced where the scenario says so, in place of what was there. */
  async prepare(scenario: KillScenario): Promise<void> {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(folder, { recursive: true }).catch(() => undefined);
    const store = await openOpfsStore(folder);
    const image = await writeScenarioImage(store, scenario);
    if (scenario.replace)
      await materialize({ ...saveInput(image, scenario, oldId), overwrite: false, target: store });
  },

  /**
   * Save; the n-th write or removal never ends, and `die` is called.
   *
   * @returns how many there were, where the save lives
   */
  async save(scenario: KillScenario, n: number, die: () => void): Promise<number> {
    const { store, image } = await open();
    let operations = 0;
    const doomed =
      <A extends unknown[]>(operation: (...args: A) => Promise<void>) =>
      (...args: A): Promise<void> => {
        operations++;
        if (operations !== n) return operation(...args);
        // Every other one is under way when the tab goes.
        if (n % 2 === 0) void operation(...args);
        die();
        return new Promise(() => {});
      };
    const target: WriteStore = {
      get: (key, options) => store.get(key, options),
      list: (prefix, options) => store.list!(prefix, options),
      tidy: (path, options) => store.tidy!(path, options),
      set: doomed((...args) => store.set(...args)),
      delete: doomed((...args) => store.delete(...args)),
    };
    await materialize({ ...saveInput(image, scenario), target });
    return operations;
  },

  /** The ids that somebody finds who opens what the image lists, and chunks of the finest level that are done. */
  async look(): Promise<{
    readonly ids: readonly number[] | null;
    readonly done: number | null;
    readonly files: readonly string[];
  }> {
    const { store, image } = await open();
    const journal = await Journal.read(store, '/labels/phases');
    const finest = [...(journal?.finished.values() ?? [])].filter(({ key }) => /rev-[^/]+\/0\//.test(key));
    const done = finest.reduce((sum, object) => sum + object.written + object.skipped, 0);
    const files: string[] = [];
    for await (const key of store.list!('/labels/phases/')) files.push(key);
    const base = { done: journal === undefined ? null : done, files };
    if (!image.labels.some(({ name }) => name === 'phases')) return { ids: null, ...base };
    const label = await openLabel(image, 'phases');
    const ids = new Set<number>();
    for (const level of label.pyramid) {
      const { data } = await readRegion(level, { start: level.shape.map(() => 0), stop: level.shape }, {});
      for (const id of data) ids.add(Number(id));
    }
    return { ids: [...ids], ...base };
  },

  /** Go on; @returns chunks of the finest level that were made, and whether the result is valid */
  async resume(scenario: KillScenario): Promise<{ readonly made: number; readonly valid: boolean }> {
    const { store, image } = await open();
    const input = saveInput(image, scenario);
    let made = 0;
    const labels: MaterializeInput['labels'] = {
      ...input.labels,
      revision: 0,
      getChunk: (index, options) => {
        made++;
        return input.labels.getChunk(index, options);
      },
    };
    const { validation } = await materialize({ ...input, labels, target: store, resume: true });
    return { made, valid: validation.valid };
  },

  ids: { old: oldId, new: newId },
};

Object.assign(window, { killedTab });
