import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AlibiError } from '../errors.ts';
import type { MaterializeInput } from '../labels/materialize.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import { isWritable } from '../stores/store.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';
import type { OpenedLocation } from './open-location.ts';
import { pruneFolders } from './prune-folders.ts';

/** Flags of every command that writes labels. */
export const labelTargetFlags: Readonly<Record<string, FlagSpec>> = {
  name: { type: 'string', value: 'NAME', help: 'name of the label image to write' },
  out: { type: 'string', value: 'DIR', help: 'write DIR/labels/NAME; default: into the image itself' },
  resume: { type: 'boolean', help: 'continue an interrupted save where there is one' },
  overwrite: { type: 'boolean', help: 'replace a label image of that name' },
};

/** Folders that an undone save or a replaced revision leaves empty in the file system. */
export async function pruneLabel(flags: Flags, name: string): Promise<void> {
  const out = flags.text('out') ?? flags.positionals[0]!;
  if (/^https?:/i.test(out)) return;
  const labels = join(resolve(out), 'labels');
  await pruneFolders(join(labels, name));
  if ((await readdir(labels).catch(() => ['unknown'])).length === 0) await pruneFolders(labels);
}

/** Says before minutes of work what the save would say. */
export function assertFree(flags: Flags, image: OmeImage, name: string): void {
  const isTaken = image.labels.some((label) => label.name === name);
  if (!isTaken || flags.has('out') || flags.has('overwrite')) return;
  throw new AlibiError('Conflict', {
    what: `a label image "${name}" is there already`,
    where: `${image.location}/labels/${name}`,
    remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
  });
}

export interface LabelTarget {
  readonly to: Pick<MaterializeInput, 'target' | 'targetPath' | 'source'>;
  readonly location: string;
}

/** `--out`, else the image itself where it can be written to. */
export async function labelTarget(
  flags: Flags,
  { image, opened }: { readonly image: OmeImage; readonly opened: OpenedLocation },
  command: string,
): Promise<LabelTarget> {
  const out = flags.text('out');
  const location = opened.location.replace(/\/$/, '');
  if (out === undefined) {
    if (isWritable(image.store)) return { to: { target: image.store, targetPath: image.path }, location };
    throw invalid(`${location} cannot be written to`, { name: command }, 'Name a folder with --out.');
  }
  if ((await stat(out).catch(() => undefined))?.isFile()) {
    throw new AlibiError('InvalidInput', { what: 'a file', where: out, remedy: 'Name a folder with --out.' });
  }
  const source = /^https?:/i.test(location) ? location : resolve(location);
  const to = { target: createNodeStore(resolve(out)), targetPath: '' };
  // In the image itself the default, a relative path, outlives a move of the folder.
  return { to: resolve(out) === source ? to : { ...to, source: sourceUrl(source) }, location: out };
}

/** A local path as the absolute address the specification asks for. */
function sourceUrl(source: string): string {
  return /^https?:/i.test(source) ? source : new URL(`file://${source}`).href;
}
