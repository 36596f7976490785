import type { OmeImage } from '../ome/ome-image.ts';
import type { SaveOptions, SaveTarget } from '../session-types.ts';
import { createFolderStore } from '../stores/folder.ts';
import { createHttpStore } from '../stores/http.ts';
import { withoutQuery } from '../stores/http-failure.ts';
import { findOpfsStore, openOpfsStore } from '../stores/opfs.ts';
import { isWritable } from '../stores/store.ts';
import { openStaging } from './archive-download.ts';

export type TargetKind = 'image' | 'folder' | 'browser' | 'server' | 'archive';

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
  // A server tells only when it is asked to write; a ZIP file, or a folder opened for reading, cannot.
  const notWritable = isWritable(image.store)
    ? {}
    : { unavailable: 'The image was opened from a place that cannot be written to.' };
  const noPicker =
    'showDirectoryPicker' in window ? {} : { unavailable: 'This browser cannot write to folders.' };
  return [
    { kind: 'image', title: 'Into this image', text: image.location, ...notWritable },
    { kind: 'folder', title: 'Into a folder', text: 'A folder on this computer, chosen next', ...noPicker },
    { kind: 'browser', title: 'Browser storage', text: 'Private to this site; survives closing the tab' },
    {
      kind: 'server',
      title: 'To an address',
      text: 'A WebDAV or S3-compatible server that lets this page write',
    },
    { kind: 'archive', title: 'Download as .ozx', text: 'One file with the label image, OME-Zarr 0.5' },
  ];
}

/**
 * Turn a choice into a place to write to; asks the person for a folder where that was chosen.
 *
 * @param address  of the folder on a server that gets `labels/…`; its query (a signature) goes with every request
 * @returns  `undefined` where nothing was chosen after all
 * @throws AlibiError, or an abort where the person closed the folder picker
 */
export async function openTarget(
  kind: TargetKind,
  image: OmeImage,
  address = '',
): Promise<SaveOptions['target']> {
  if (kind === 'image') {
    const { store, path, location } = image;
    if (!isWritable(store)) return undefined;
    return { store, path, location, place: /^https?:/i.test(location) ? 'server' : 'folder' };
  }
  if (kind === 'archive') return openStaging(image);
  if (kind === 'server') {
    return { store: createHttpStore(address), path: '', location: withoutQuery(address), place: 'server' };
  }
  if (kind === 'folder') {
    const handle = await window.showDirectoryPicker?.({ id: 'alibi-zarr-labels', mode: 'readwrite' });
    if (handle === undefined) return undefined;
    return { store: createFolderStore(handle), path: '', location: handle.name };
  }
  const path = storagePath(image);
  return { store: await openOpfsStore(path), path: '', location: `browser storage/${path}` };
}

/**
 * The labels of an image that the browser's storage holds, to be shown as if they lay inside the image; undefined where
 * there are none.
 */
export async function storedLabels(image: OmeImage): Promise<SaveTarget | undefined> {
  const path = storagePath(image);
  const store = await findOpfsStore(path);
  return store && { store, path: '', location: `browser storage/${path}` };
}

/**
 * The place to ask what is there before a save. A folder is picked when saving begins, a server is not asked for every letter of
 * its address, and what waits for a download is nobody's: what is there is not known of these.
 */
export async function targetToAsk(kind: TargetKind, image: OmeImage): Promise<SaveOptions['target']> {
  if (kind === 'image' || kind === 'browser') return openTarget(kind, image);
  return kind === 'folder' ? emptyTarget : { ...emptyTarget, place: kind };
}

/** What is asked before anything is there: nothing is, and nothing is written. */
const emptyTarget: SaveTarget = {
  store: { get: async () => undefined, set: async () => {}, delete: async () => {} },
  path: '',
  location: '',
};

function storagePath(image: OmeImage): string {
  return `alibi-zarr/${storageName(image)}`;
}

/** A folder name for an image: its own name, and some of its hash where two share one. */
function storageName(image: OmeImage): string {
  const name = image.name.replace(/[^\w.-]+/g, '_').slice(0, 60) || 'image';
  return `${name}-${image.metadataHash.slice(0, 8)}`;
}

/** What is wrong with an address to save to; `null` where nothing is that can be told before it is tried. */
export function addressProblem(address: string): string | null {
  if (address === '') return 'Give the address of a folder on a server.';
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'Give a whole address, such as https://host/bucket/image.zarr.';
  if (url.username !== '' || url.password !== '')
    return 'Leave name and password out: browsers do not send them. Use a presigned address.';
  if (/\.(zip|ozx)$/i.test(url.pathname))
    return 'A folder is needed; an .ozx is downloaded, not written to a server.';
  return location.protocol === 'https:' && url.protocol === 'http:'
    ? 'This page came over https, and browsers let it write to https only.'
    : null;
}

/** What is wrong with a name for labels; `null` where nothing is. It becomes a folder's name. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'Give it a name.';
  if (name === '.' || name === '..' || name.startsWith('__')) return 'That name is reserved.';
  if (!/^[\w.-]+$/u.test(name)) return 'Use letters, digits, dots, dashes and underscores.';
  return null;
}
