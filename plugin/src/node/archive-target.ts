import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { AlibiError } from '../errors.ts';
import type { MaterializeResult } from '../labels/materialize.ts';
import { validateStore } from '../ome/validate.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import { writeOzx } from '../stores/ozx-writer.ts';
import { type Flags, invalid } from './flags.ts';
import { openLocation } from './open-location.ts';
import type { SaveTarget, SaveTargetRequest } from './save-target.ts';

interface ArchiveRequest extends SaveTargetRequest {
  readonly out: string;
  readonly source: string;
}

/**
 * An .ozx on disk. Labels go to a folder beside it first, since coarser levels are made from what is stored, and since
 * that is what can be continued; they are packed from there, and the folder goes. The file appears in one step.
 *
 * @throws AlibiError Conflict  the file is there already, or an interrupted save beside it, and neither may be replaced
 */
export async function openArchiveTarget(request: ArchiveRequest): Promise<SaveTarget> {
  const { out, name, source, flags, command, below, signal } = request;
  if (/^https?:/i.test(out)) {
    throw invalid(
      `--out is the address of an .ozx`,
      { name: command },
      'Write the file to disk and upload it, or leave out .ozx.',
    );
  }
  if (below !== '')
    throw invalid('an .ozx holds one image', { name: command }, 'Name a folder for the images of a plate.');
  if (flags.has('probabilities'))
    throw invalid(
      'an .ozx holds labels alone',
      { name: command },
      'Leave out --probabilities, or name a folder.',
    );
  if (flags.text('version') === '0.4')
    throw invalid('an .ozx holds OME-Zarr 0.5', { name: command }, 'Leave out --version 0.4.');
  const file = resolve(out);
  const staging = join(dirname(file), `.${basename(file)}.saving`);
  await assertFree({ out, file, staging, flags });
  const label: `/${string}` = `/labels/${name}`;
  const store = createNodeStore(staging);
  const before = await identity(file);
  return {
    to: {
      target: store,
      targetPath: '',
      source,
      place: 'archive',
      version: '0.5',
      sharded: true,
      keepReplaced: true,
    },
    location: out,
    label: out,
    folder: undefined,
    async finish(result, onProgress) {
      const temporary = join(dirname(file), `.${randomUUID()}.tmp`);
      try {
        const sink = Writable.toWeb(createWriteStream(temporary));
        const { bytes } = await writeOzx(store, label, sink, { location: out, signal, onProgress });
        await flushed(temporary);
        if ((await identity(file)) !== before) throw changedMeanwhile(out);
        await rename(temporary, file);
        await rm(staging, { recursive: true, force: true });
        return { ...result, bytes, objects: 1, validation: await verdict(file, signal) };
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    },
  };
}

async function assertFree({
  out,
  file,
  staging,
  flags,
}: {
  readonly out: string;
  readonly file: string;
  readonly staging: string;
  readonly flags: Flags;
}): Promise<void> {
  const isThere = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;
  const interrupted = await isThere(staging);
  if (interrupted && !flags.has('resume')) {
    if (!flags.has('overwrite')) {
      throw new AlibiError('Conflict', {
        what: 'an interrupted save of this file is there to continue',
        where: out,
        remedy: 'Continue it (--resume), or throw it away and start anew (--overwrite).',
      });
    }
    await rm(staging, { recursive: true });
  }
  if ((await isThere(file)) && !flags.has('overwrite')) {
    throw new AlibiError('Conflict', {
      what: 'the file is there already',
      where: out,
      remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
    });
  }
}

/** Changes with every write of the file; `none` where it is not there. */
async function identity(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}

/** On the disk, not only in its cache: what is renamed next must be whole after a power cut. */
async function flushed(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync();
  await handle.close();
}

async function verdict(file: string, signal: AbortSignal): Promise<MaterializeResult['validation']> {
  const opened = await openLocation(file, signal);
  try {
    const { valid, message } = await validateStore(opened, { strict: false, signal });
    return { valid, ...(message === undefined ? {} : { message }) };
  } finally {
    await opened.close();
  }
}

function changedMeanwhile(out: string): AlibiError {
  return new AlibiError('Conflict', {
    what: 'somebody else has written the file meanwhile',
    where: out,
    remedy:
      'Look at it; then continue the save with --resume --overwrite to replace it, or under another name.',
  });
}
