import type { ZarrGroup } from './group.ts';
import { type GroupLocation, keyPrefix, type ReadOptions, safeRelativePath } from './metadata-file.ts';
import type { Problem } from './rules.ts';

/** What one check needs to know. */
export interface StoreCheck {
  readonly at: GroupLocation;
  readonly strict: boolean;
  readonly options: ReadOptions;
  readonly report: (problem: Problem) => void;
  /** Whether so many problems are known that the store is given up. */
  readonly enough: () => boolean;
  /** Groups from the one that was asked for down to this one. */
  readonly depth: number;
}

/** The metadata file of a group, as a store key. */
export function fileOf(group: ZarrGroup): string {
  return `${keyPrefix(group.path)}/${group.zarrFormat === 2 ? '.zattrs' : 'zarr.json'}`;
}

/** Where a path in metadata leads from a group, upwards too; `undefined` where it leaves the store or is an address. */
export function resolvePath(from: string, path: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith('/')) return undefined;
  const parts = keyPrefix(from)
    .split('/')
    .filter((part) => part !== '');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  const resolved = parts.join('/');
  return resolved === '' ? '' : safeRelativePath(resolved) === undefined ? undefined : `/${resolved}`;
}
