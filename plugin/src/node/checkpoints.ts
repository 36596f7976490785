import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { loadManifest } from '../encoder/manifest.ts';
import { fileReader } from '../encoder/ort-node.ts';
import { AlibiError } from '../errors.ts';

export interface FoundCheckpoint {
  readonly manifestPath: string;
  readonly manifest: CheckpointManifest;
}

/** Checkpoints shipped with the package. */
const shippedFolder = fileURLToPath(new URL('../../models/', import.meta.url));

/**
 * The checkpoints in a folder: one in the folder itself or one in each folder of it, by name; or the one
 * whose manifest `folder` is.
 *
 * @param folder  default: those shipped, none where the installation has none
 * @throws AlibiError NotFound           there is no such folder or file
 * @throws AlibiError UnsupportedFormat  a manifest.json is none
 */
export async function listCheckpoints(folder?: string): Promise<FoundCheckpoint[]> {
  if (folder === undefined) return checkpointsIn(shippedFolder);
  if (await isFile(folder)) {
    return [{ manifestPath: folder, manifest: (await loadManifest(fileReader(folder))).manifest }];
  }
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return checkpointsIn(folder);
  throw new AlibiError('NotFound', {
    what: 'there is no such folder or file',
    where: folder,
    remedy: 'Give a folder of checkpoints, or the path of a manifest.json.',
  });
}

async function checkpointsIn(folder: string): Promise<FoundCheckpoint[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  const found: FoundCheckpoint[] = [];
  for (const candidate of [folder, ...folders.sort()]) {
    const manifestPath = join(candidate, 'manifest.json');
    if (!(await isFile(manifestPath))) continue;
    found.push({ manifestPath, manifest: (await loadManifest(fileReader(manifestPath))).manifest });
  }
  return found;
}

/**
 * The manifest a person means by `--model`: a path, a folder, an http(s) address or the name of a shipped
 * checkpoint; without a value the first shipped one.
 *
 * @throws AlibiError NotFound  there is no such checkpoint
 */
export async function findManifest(model: string | undefined): Promise<string> {
  if (model !== undefined) {
    if (/^https?:\/\//i.test(model) || (await isFile(model))) return model;
    const inside = join(model, 'manifest.json');
    if (await isFile(inside)) return inside;
  }
  const shipped = await listCheckpoints();
  const chosen = model === undefined ? shipped[0] : shipped.find(({ manifest }) => manifest.name === model);
  if (chosen !== undefined) return chosen.manifestPath;
  const names = shipped.map(({ manifest }) => manifest.name).join(', ');
  throw new AlibiError('NotFound', {
    what:
      model === undefined
        ? 'no checkpoint is shipped with this installation'
        : `there is no checkpoint "${model}"`,
    where: '--model',
    remedy: `Give the path of a manifest.json${names === '' ? '' : `, or one of ${names}`}.`,
  });
}

/**
 * The manifest for a classifier or an earlier result: the one a person names, else the shipped one whose graph it is.
 *
 * @param sha256  of one of the checkpoint's graphs; null where any will do
 * @throws AlibiError InvalidInput  the checkpoint is another
 */
export async function manifestFor(model: string | undefined, sha256: string | null): Promise<string> {
  const isIt = ({ graphs }: CheckpointManifest) => graphs.some((graph) => graph.sha256 === sha256);
  if (sha256 === null) return findManifest(model);
  const shipped =
    model === undefined ? (await listCheckpoints()).find(({ manifest }) => isIt(manifest)) : undefined;
  if (shipped !== undefined) return shipped.manifestPath;
  const path = await findManifest(model);
  const { manifest } = await loadManifest(/^https?:/i.test(path) ? path : fileReader(path));
  if (isIt(manifest)) return path;
  throw new AlibiError('InvalidInput', {
    what: `it was made with a checkpoint whose graph has the sha256 ${sha256.slice(0, 12)}…, and ${manifest.name} has none such`,
    where: model === undefined ? 'shipped checkpoints' : '--model',
    remedy: 'Name the manifest of that checkpoint with --model, or train again.',
  });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
