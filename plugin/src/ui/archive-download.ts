import type { OmeImage } from '../ome/ome-image.ts';
import type { SaveResult, SaveTarget } from '../session-types.ts';
import { fileSystemFault } from '../stores/file-system-fault.ts';
import { openOpfsStore } from '../stores/opfs.ts';
import { writeOzx } from '../stores/ozx-writer.ts';

/** Folder of the origin's private file system where labels wait to be packed. */
const stagingFolder = 'alibi-zarr-downloads';

declare global {
  interface Window {
    /** File System Access API; not in every browser. */
    showSaveFilePicker?: (options: { id: string; suggestedName: string }) => Promise<FileSystemFileHandle>;
  }
}

/** A place in the browser's storage where labels are saved first; what is finished there outlives the tab. */
export async function openStaging(image: OmeImage): Promise<SaveTarget> {
  const path = `${stagingFolder}/${image.metadataHash.slice(0, 16)}`;
  return {
    store: await openOpfsStore(path),
    path: '',
    location: `browser storage/${path}`,
    place: 'archive',
  };
}

/**
 * Pack staged labels as an .ozx and hand it to the person: streamed into the file that was picked, or, where pages cannot
 * pick one, into the browser's storage and from there to its downloads. Neither holds the archive in memory.
 *
 * @param file  picked before, in answer to a click; null where there is no picker
 * @returns     bytes of the archive
 */
async function downloadArchive(
  staging: SaveTarget,
  {
    name,
    file,
    signal,
  }: { readonly name: string; readonly file: FileSystemFileHandle | null; readonly signal: AbortSignal },
): Promise<number> {
  const { handle, sink } = await openSink(file, `${name}.ozx`);
  const { bytes } = await writeOzx(staging.store, `/labels/${name}`, sink, {
    location: handle.name,
    signal,
  });
  if (file === null) offer(await handle.getFile(), `${name}.ozx`);
  await clearStaging(staging, name);
  return bytes;
}

/** The staged labels as the archive they become. */
export async function packSaved(
  saved: SaveResult,
  staging: SaveTarget,
  request: {
    readonly name: string;
    readonly file: FileSystemFileHandle | null;
    readonly signal: AbortSignal;
  },
): Promise<SaveResult> {
  const bytes = await downloadArchive(staging, request);
  const { replaced: _, ...result } = saved;
  return { ...result, bytes, objects: 1, location: request.file?.name ?? `${request.name}.ozx` };
}

/** What is written counts once the stream is closed; until then the file is as it was. */
async function openSink(file: FileSystemFileHandle | null, name: string) {
  try {
    const handle = file ?? (await temporaryFile(name));
    return { handle, sink: await handle.createWritable() };
  } catch (error) {
    throw fileSystemFault(error, name);
  }
}

/** Ask where the archive goes; null where the browser cannot. @throws an abort where the person thinks better of it */
export async function pickArchive(name: string): Promise<FileSystemFileHandle | null> {
  return (
    (await window.showSaveFilePicker?.({ id: 'alibi-zarr-archive', suggestedName: `${name}.ozx` })) ?? null
  );
}

async function temporaryFile(name: string): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(stagingFolder, { create: true });
  await removeEarlier(folder);
  return folder.getFileHandle(name, { create: true });
}

/** A download that began this long ago has its copy; the browser does not say when. */
const copiedMs = 60 * 60_000;

/** Archives of earlier downloads take room that nothing else gives back. */
async function removeEarlier(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const entry of folder.values()) {
    if (!(entry instanceof FileSystemFileHandle) || !entry.name.endsWith('.ozx')) continue;
    const { lastModified } = await entry.getFile();
    if (Date.now() - lastModified > copiedMs) await folder.removeEntry(entry.name).catch(() => undefined);
  }
}

/** The file lies on the disk: the address names it, nothing is read here. */
function offer(file: File, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function clearStaging({ store }: SaveTarget, name: string): Promise<void> {
  for await (const key of store.list?.(`/labels/${name}/`) ?? []) await store.delete(key);
  await store.tidy?.(`/labels/${name}`);
}
