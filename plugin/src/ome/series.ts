import { AlibiError } from '../errors.ts';
import { numberedGroups, readNode, type ZarrGroup } from './group.ts';
import {
  childPath,
  describe,
  type GroupLocation,
  isObject,
  keyPrefix,
  own,
  type ReadOptions,
  safeRelativePath,
} from './metadata-file.ts';
import type { OmeVersion } from './ome-image.ts';
import { groupVersion } from './version.ts';

/** Several images in one container. */
export interface OmeSeries extends GroupLocation {
  readonly version: OmeVersion;
  /** `bioformats2raw`: the images of one file; `scene` (0.6): images placed relative to each other. */
  readonly layout: 'bioformats2raw' | 'scene';
  /** Paths below this group, in the file's order. */
  readonly images: readonly { readonly path: string }[];
}

/**
 * The images of a `bioformats2raw.layout` container: as the `OME` group lists them, else the groups 0, 1, 2, …
 * up to the first that is missing.
 *
 * @throws AlibiError InvalidInput  the list is malformed
 * @throws AlibiError NotFound      there is no image
 */
export async function readSeries(group: ZarrGroup, options: ReadOptions = {}): Promise<OmeSeries> {
  const ome = await readNode({ ...group, path: childPath(group.path, 'OME') }, options, group.zarrFormat);
  const listed = ome?.kind === 'group' ? own(ome.group.ome, 'series') : undefined;
  const paths =
    ome?.kind === 'group' && listed !== undefined
      ? parseSeries(ome.group, listed)
      : await probe(group, options);
  const children = await Promise.all(
    paths
      .slice(0, 1)
      .map((path) => readNode({ ...group, path: childPath(group.path, path) }, options, group.zarrFormat)),
  );
  const child = children[0]?.kind === 'group' ? children[0].group : undefined;
  return {
    ...base(group),
    version: seriesVersion(group, child),
    layout: 'bioformats2raw',
    images: paths.map((path) => ({ path })),
  };
}

/** Containers written before 0.4 say no version; then the first image does. */
function seriesVersion(group: ZarrGroup, child: ZarrGroup | undefined): OmeVersion {
  if (own(group.ome, 'version') !== undefined || child === undefined)
    return groupVersion(group, [['', group.ome]]);
  const list = own(child.ome, 'multiscales');
  return groupVersion(child, [
    ['', child.ome],
    ['multiscales[0]', Array.isArray(list) ? list[0] : undefined],
  ]);
}

function parseSeries(group: ZarrGroup, value: unknown): string[] {
  const paths = (Array.isArray(value) ? value : [undefined]).map(safeRelativePath);
  const bad = paths.indexOf(undefined);
  if (bad >= 0) {
    throw new AlibiError('InvalidInput', {
      what: Array.isArray(value)
        ? `series[${bad}] is ${describe(value[bad])}`
        : `series is ${describe(value)}`,
      where: group.where,
      remedy: 'List the paths of the images as texts.',
    });
  }
  return paths.filter((path) => path !== undefined);
}

async function probe(group: ZarrGroup, options: ReadOptions): Promise<string[]> {
  const paths = await numberedGroups(group, options);
  if (paths.length > 0) return paths;
  throw new AlibiError('NotFound', {
    what: 'bioformats2raw.layout says that images lie here, but neither OME lists any nor is there an image "0"',
    where: group.where,
    remedy: 'Open the image itself by its path.',
  });
}

/**
 * The images a 0.6 scene places relative to each other. They open one by one, each in its own coordinate system; how
 * the scene places them is not read.
 *
 * @throws AlibiError UnsupportedFormat  the scene names no image
 */
export async function readScene(group: ZarrGroup, options: ReadOptions = {}): Promise<OmeSeries> {
  options.signal?.throwIfAborted();
  const scene = own(group.ome, 'scene');
  const list = isObject(scene) ? own(scene, 'coordinateTransformations') : undefined;
  const ends = (Array.isArray(list) ? list : []).flatMap((item: unknown) =>
    isObject(item) ? [own(item, 'input'), own(item, 'output')] : [],
  );
  const paths = ends.flatMap((end) => {
    const path = isObject(end) ? safeRelativePath(own(end, 'path')) : undefined;
    return path === undefined ? [] : [path];
  });
  if (paths.length === 0) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'scene names no image',
      where: group.where,
      remedy: 'Open one of the images below it by its path.',
    });
  }
  const version = groupVersion(group, [['', group.ome]]);
  return { ...base(group), version, layout: 'scene', images: [...new Set(paths)].map((path) => ({ path })) };
}

function base(group: ZarrGroup): GroupLocation {
  return { store: group.store, path: keyPrefix(group.path), location: group.location };
}
