import { join } from 'node:path';
import type { Json } from '../array/json.ts';
import { chunkCounts, type DataType, elementCount, type LazyArray } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import {
  asRecord,
  type GroupMetadata,
  type GroupPath,
  readGroup,
  writeGroup,
} from '../labels/group-metadata.ts';
import {
  type ArrayKeys,
  createRevisionId,
  plannedKeys,
  readArrayKeys,
  removeArrays,
} from '../labels/revision.ts';
import { writeLevel } from '../labels/write-level.ts';
import { imageAttributes } from '../ome/write.ts';
import type { WriteStore } from '../stores/store.ts';
import type { Io } from './io.ts';
import { progressBar } from './progress-bar.ts';
import { pruneFolders } from './prune-folders.ts';

export interface ImageToWrite<T extends DataType> {
  readonly store: WriteStore;
  /** Group of the store that becomes the image. */
  readonly path: GroupPath;
  /** The same on this machine, so that folders left empty can go; absent: they stay. */
  readonly folder?: string;
  /** The same as the person wrote it, for messages. */
  readonly location: string;
  readonly zarrFormat: 2 | 3;
  readonly name: string;
  /** In the order it is stored. */
  readonly values: LazyArray<T>;
  /** Absent: no shards. */
  readonly shardShape?: readonly number[];
  /** What `multiscales.metadata.method` says. */
  readonly method: string;
  /** Stands under `alibi-zarr`; its `format` says what may be replaced. */
  readonly provenance: { readonly format: string; readonly [key: string]: Json };
  /** `omero` of the image, where it has any. */
  readonly omero?: { readonly [key: string]: Json };
  /** What it is called in messages: `features`. */
  readonly what: string;
  readonly overwrite: boolean;
}

/**
 * Write an array as an OME-Zarr image of one level. Crash-safe as labels are: a fresh place, then one `set` that
 * makes it the image; what it replaces goes after that.
 *
 * @throws AlibiError Conflict  something is there already
 */
export async function writeImage<T extends DataType>(
  image: ImageToWrite<T>,
  io: Io,
): Promise<{ readonly written: number; readonly skipped: number }> {
  const startMs = performance.now();
  const { store, path, zarrFormat, values } = image;
  const previous = await existing(image);
  const chunkShape = values.chunkShape.map((size, axis) => Math.min(size, values.shape[axis]!));
  const planned = {
    shape: values.shape,
    chunkShape,
    transform: values.transform,
    ...(image.shardShape === undefined ? {} : { shardShape: image.shardShape }),
  };
  const revision = createRevisionId();
  const array: `/${string}` = `${path}/${revision}/0`;
  const keys = plannedKeys(array, zarrFormat, values.shape, image.shardShape ?? chunkShape);
  const bar = progressBar(io, `Saving ${image.what}`);
  const total = elementCount(chunkCounts(planned));
  let done = 0;
  try {
    const counts = await writeLevel(
      store,
      array,
      {
        plan: { axes: values.axes, zarrFormat, compression: 'zstd', levels: [planned] },
        level: planned,
        array: { ...values, chunkShape, revision: 0 },
      },
      {
        signal: io.signal,
        onChunk: () => {
          done++;
          bar.update({ done, total, etaMs: ((performance.now() - startMs) / done) * (total - done) });
        },
      },
    );
    const options = { signal: io.signal };
    await writeGroup(store, `${path}/${revision}`, zarrFormat, {}, undefined, options);
    await writeParents(image);
    const attributes = imageAttributes({
      version: zarrFormat === 3 ? '0.5' : '0.4',
      name: image.name,
      axes: values.axes,
      datasets: [{ path: `${revision}/0`, transform: values.transform }],
      downscaling: { type: image.what, metadata: { method: image.method } },
      provenance: image.provenance,
    });
    const { omero } = image;
    const complete =
      omero === undefined
        ? attributes
        : zarrFormat === 3
          ? { ...attributes, ome: { ...asRecord(attributes.ome), omero } }
          : { ...attributes, omero };
    await writeGroup(store, path, zarrFormat, complete, previous?.group, options);
    bar.end();
    await removeOld(image, previous?.arrays ?? []);
    return counts;
  } catch (error) {
    const now = await readGroup(store, path, zarrFormat).catch(() => undefined);
    // Not if the last `set` arrived after all: then this revision is the image.
    if (!JSON.stringify(now?.attributes ?? {}).includes(revision)) {
      await removeArrays(store, [keys], [`${path}/${revision}`]).catch(() => undefined);
      if (image.folder !== undefined) {
        await pruneFolders(join(image.folder, revision));
        if (previous === undefined) await pruneFolders(image.folder);
      }
    }
    throw error;
  }
}

/** Groups between the store's root and the image, where there are none yet. */
async function writeParents({ store, path, zarrFormat }: ImageToWrite<DataType>): Promise<void> {
  const parts = path.split('/').slice(1, -1);
  for (let depth = 0; depth <= parts.length; depth++) {
    if (path === '') return;
    const parent: GroupPath = depth === 0 ? '' : `/${parts.slice(0, depth).join('/')}`;
    if ((await readGroup(store, parent, zarrFormat)) === undefined) {
      await writeGroup(store, parent, zarrFormat, {}, undefined);
    }
  }
}

/** Only what this program wrote of the same kind may be replaced by it. */
async function existing({
  store,
  path,
  location,
  provenance,
  what,
  overwrite,
}: ImageToWrite<DataType>): Promise<
  { readonly group: GroupMetadata; readonly arrays: readonly ArrayKeys[] } | undefined
> {
  const [v3, v2] = await Promise.all([readGroup(store, path, 3), readGroup(store, path, 2)]);
  const group = v3 ?? v2;
  if (group === undefined) return undefined;
  const own = asRecord(group.attributes['alibi-zarr']).format === provenance.format;
  if (!own || !overwrite) {
    throw new AlibiError('Conflict', {
      what: own ? `there are ${what} already` : 'there is something else already',
      where: location,
      remedy: own ? 'Choose another place, or write --overwrite.' : 'Choose another place.',
    });
  }
  const multiscales = asRecord(group.attributes.ome).multiscales ?? group.attributes.multiscales;
  const datasets = Array.isArray(multiscales) ? asRecord(multiscales[0]).datasets : [];
  const paths = (Array.isArray(datasets) ? datasets : []).map((dataset) => asRecord(dataset).path);
  const revisions = paths
    .filter((dataset) => typeof dataset === 'string')
    .filter((dataset) => /^rev-[0-9a-f-]+\/\d+$/.test(dataset));
  const arrays = await Promise.all(revisions.map((dataset) => readArrayKeys(store, `${path}/${dataset}`)));
  return { group, arrays: arrays.filter((keys) => keys !== undefined) };
}

async function removeOld(
  { store, path, folder }: ImageToWrite<DataType>,
  old: readonly ArrayKeys[],
): Promise<void> {
  const revisionOf = ({ path: array }: ArrayKeys): string => array.slice(path.length + 1).split('/')[0]!;
  await removeArrays(
    store,
    old,
    old.map((keys): `/${string}` => `${path}/${revisionOf(keys)}`),
  );
  if (folder === undefined) return;
  for (const keys of old) await pruneFolders(join(folder, revisionOf(keys)));
}
