// The page of faulty-storage.test.ts: saves labels into the browser's own storage while something happens to it.
import { AlibiError } from '../../plugin/src/errors.ts';
import { type MaterializeInput, materialize } from '../../plugin/src/labels/materialize.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { createFolderStore } from '../../plugin/src/stores/folder.ts';
import { saveInput } from '../../plugin/test/labels/kill-scenario.ts';
import { folder } from './killed-tab-page.ts';

const scenario = { zarrFormat: 3, sharded: false, replace: true } as const;

/** Before the chunk of this number of the 30 of the finest level. */
const faultAt = 15;

export interface SaveReport {
  readonly tag: string | null;
  readonly what: string;
  readonly remedy: string;
  readonly resumed: number;
}

/**
 * Take the permission to write back, or give it again. A page cannot do it, and neither can the protocol that drives a browser: only the
 * refusal of `createWritable` is made up, as Chromium words it; the folder and its files are real.
 */
const { createWritable } = FileSystemFileHandle.prototype;
function revoke(isRevoked: boolean): void {
  FileSystemFileHandle.prototype.createWritable = function (options) {
    if (!isRevoked) return createWritable.call(this, options);
    const what = 'The request is not allowed by the user agent or the platform in the current context.';
    return Promise.reject(new DOMException(what, 'NotAllowedError'));
  };
}

/** Chromium refuses while a file of it is open, as those of the chunks before may be. */
async function removeFolder(root: FileSystemDirectoryHandle): Promise<void> {
  for (;;) {
    try {
      return await root.removeEntry(folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NoModificationAllowedError') throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

export const faultyStorage = {
  /**
   * Save labels in place of others.
   *
   * @param fault   what happens midway; `told`: what the test does then. null: nothing
   * @param resume  go on with what is there
   */
  async save(
    fault: 'permission' | 'folder removed' | 'told' | null,
    resume: boolean,
    tell: () => Promise<void>,
  ): Promise<SaveReport> {
    revoke(false);
    const root = await navigator.storage.getDirectory();
    const store = createFolderStore(await root.getDirectoryHandle(folder));
    const image = await openImage({ store, path: '', location: folder });
    const input = saveInput(image, scenario);
    let asked = 0;
    const getChunk: MaterializeInput['labels']['getChunk'] = async (index, options) => {
      if (++asked === faultAt) {
        if (fault === 'permission') revoke(true);
        if (fault === 'folder removed') await removeFolder(root);
        if (fault === 'told') await tell();
      }
      return input.labels.getChunk(index, options);
    };
    const labels: MaterializeInput['labels'] = { ...input.labels, revision: 0, getChunk };
    try {
      const { resumed } = await materialize({ ...input, labels, target: store, resume });
      return { tag: null, what: '', remedy: '', resumed };
    } catch (error) {
      if (!(error instanceof AlibiError)) throw error;
      const { tag, what, remedy } = error;
      return { tag, what, remedy, resumed: 0 };
    }
  },
};

Object.assign(window, { faultyStorage });
