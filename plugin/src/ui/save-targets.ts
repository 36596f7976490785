import type { OmeImage } from '../ome/ome-image.ts';
import type { SaveOptions } from '../session-types.ts';
import { createFolderStore } from '../stores/folder.ts';
import { openOpfsStore } from '../stores/opfs.ts';
import { isWritable } from '../stores/store.ts';

export type TargetKind = 'image' | 'folder' | 'browser';

export interface SaveTargetChoice {
  readonly kind: TargetKind;
  readonly title: string;
  readonly text: string;
  /** Why it cannot be chosen; absent where it can. */
  readonly unavailable?: string;
}

declare global {
  interface Window {
    /** File System Access API; not in every browser. */
    showDirectoryPicker?: (options: { id: string; mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;
  }
}

/** Where labels can go from here. */
export function saveTargets(image: OmeImage): SaveTargetChoice[] {
  const notWritable = isWritable(image.store)
    ? {}
    : { unavailable: 'The image was opened from a place that cannot be written to.' };
  const noPicker =
    'showDirectoryPicker' in window ? {} : { unavailable: 'This browser cannot write to folders.' };
  return [
    { kind: 'image', title: 'Into this image', text: image.location, ...notWritable },
    { kind: 'folder', title: 'Into a folder', text: 'A folder on this computer, chosen next', ...noPicker },
    { kind: 'browser', title: 'Browser storage', text: 'Private to this site; survives closing the tab' },
  ];
}

/**
 * Turn a choice into a place to write to; asks the person for a folder where that was chosen.
 *
 * @returns  `undefined` for the image itself
 * @throws AlibiError, or an abort where the person closed the folder picker
 */
export async function openTarget(kind: TargetKind, image: OmeImage): Promise<SaveOptions['target']> {
  if (kind === 'image') return undefined;
  if (kind === 'folder') {
    const handle = await window.showDirectoryPicker?.({ id: 'alibi-zarr-labels', mode: 'readwrite' });
    if (handle === undefined) return undefined;
    return { store: createFolderStore(handle), path: '', location: handle.name };
  }
  const path = `alibi-zarr/${storageName(image)}`;
  return { store: await openOpfsStore(path), path: '', location: `browser storage/${path}` };
}

/** A folder name for an image: its own name, and some of its hash where two share one. */
function storageName(image: OmeImage): string {
  const name = image.name.replace(/[^\w.-]+/g, '_').slice(0, 60) || 'image';
  return `${name}-${image.metadataHash.slice(0, 8)}`;
}

/** What is wrong with a name for labels; `null` where nothing is. It becomes a folder's name. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'Give it a name.';
  if (name === '.' || name === '..' || name.startsWith('__')) return 'That name is reserved.';
  if (!/^[\w.-]+$/u.test(name)) return 'Use letters, digits, dots, dashes and underscores.';
  return null;
}
