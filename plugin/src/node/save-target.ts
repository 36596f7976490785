import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AlibiError } from '../errors.ts';
import type { MaterializeInput, MaterializeResult } from '../labels/materialize.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { createHttpStore } from '../stores/http.ts';
import { withoutQuery } from '../stores/http-failure.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import { isWritable } from '../stores/store.ts';
import { openArchiveTarget } from './archive-target.ts';
import { type Flags, invalid } from './flags.ts';
import type { Work } from './open-work.ts';
import { pruneFolders } from './prune-folders.ts';

/** Where labels of a command go. */
export interface SaveTarget {
  readonly to: Pick<
    MaterializeInput,
    'target' | 'targetPath' | 'source' | 'place' | 'version' | 'sharded' | 'keepReplaced'
  >;
  /** As the person wrote it. */
  readonly location: string;
  /** Of the label image. */
  readonly label: string;
  /** On this machine, where it is a folder. */
  readonly folder: string | undefined;
  /** What is left to do once they are saved: an archive is packed. */
  finish?(
    result: MaterializeResult,
    onProgress: (progress: { done: number; total: number }) => void,
  ): Promise<MaterializeResult>;
}

export interface SaveTargetRequest {
  readonly flags: Flags;
  readonly name: string;
  readonly command: string;
  /** Path of the image below the location that was opened, and of its labels below `--out`; `''` for an image alone. */
  readonly below: string;
  readonly signal: AbortSignal;
}

const isAddress = (text: string) => /^https?:\/\//i.test(text);
const joined = (root: string, below: string) =>
  below === '' ? root : `${root.replace(/\/+$/, '')}/${below}`;

/**
 * `--out`, else the image itself where it can be written to.
 *
 * @throws AlibiError  it cannot be written to, or is something else than a folder, an address or an .ozx
 */
export async function saveTargetOf(
  request: SaveTargetRequest,
  { image, opened, sign }: Pick<Work, 'image' | 'opened' | 'sign'>,
): Promise<SaveTarget> {
  const { flags, name, command, below } = request;
  const out = flags.text('out');
  const own = joined(opened.location.replace(/\/$/, ''), below);
  const isRemote = isAddress(own);
  const at = (location: string) => ({ location, label: `${location}/labels/${name}` });
  if (out === undefined) {
    if (!isWritable(image.store))
      throw invalid(`${own} cannot be written to`, { name: command }, 'Name a folder with --out.');
    const to = { target: image.store, targetPath: image.path } as const;
    return isRemote
      ? { to: { ...to, place: 'server' }, ...at(own), folder: undefined }
      : { to: { ...to, place: 'folder' }, ...at(own), folder: resolve(own) };
  }
  const source = isRemote ? own : new URL(`file://${resolve(own)}`).href;
  if (/\.ozx$/i.test(out)) return openArchiveTarget({ ...request, out, source });
  if (isAddress(out)) {
    const shown = joined(withoutQuery(out).replace(/\/+$/, ''), below);
    const target = createHttpStore(addressBelow(out, below), sign === undefined ? {} : { sign });
    const elsewhere = shown === own ? {} : { source };
    return { to: { target, targetPath: '', place: 'server', ...elsewhere }, ...at(shown), folder: undefined };
  }
  if ((await stat(out).catch(() => undefined))?.isFile()) {
    throw new AlibiError('InvalidInput', {
      what: 'a file',
      where: out,
      remedy: 'Name a folder, an address or a new file.ozx with --out.',
    });
  }
  const folder = resolve(joined(out, below));
  // In the image itself the default, a relative path, outlives a move of the folder.
  const elsewhere = folder === resolve(own) ? {} : { source };
  return {
    to: { target: createNodeStore(folder), targetPath: '', place: 'folder', ...elsewhere },
    ...at(joined(out, below)),
    folder,
  };
}

/** The query of an address (a signature) goes with every request. */
function addressBelow(address: string, below: string): URL {
  const url = new URL(address);
  if (below !== '') url.pathname = joined(url.pathname, below.split('/').map(encodeURIComponent).join('/'));
  return url;
}

/** Says before minutes of work what the save would say. */
export function assertFree(flags: Flags, image: OmeImage, name: string): void {
  const isTaken = image.labels.some((label) => label.name === name);
  if (!isTaken || ['out', 'overwrite', 'resume'].some((flag) => flags.has(flag))) return;
  throw new AlibiError('Conflict', {
    what: `a label image "${name}" is there already`,
    where: `${image.location}/labels/${name}`,
    remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
  });
}

/** Folders that an undone save or a replaced revision leaves empty in the file system. */
export async function pruneLabel(
  { flags, name, below }: Pick<SaveTargetRequest, 'flags' | 'name' | 'below'>,
  location: string,
): Promise<void> {
  const out = flags.text('out') ?? location;
  if (isAddress(out) || /\.ozx$/i.test(out)) return;
  const labels = join(resolve(out), below, 'labels');
  await pruneFolders(join(labels, name));
  if ((await readdir(labels).catch(() => ['unknown'])).length === 0) await pruneFolders(labels);
}
