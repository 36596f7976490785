import { AlibiError } from '../errors.ts';
import type { ZarrGroup } from './group.ts';
import { describe, isObject, own } from './metadata-file.ts';
import type { OmeVersion } from './ome-image.ts';

const versions: readonly OmeVersion[] = ['0.1', '0.2', '0.3', '0.4', '0.5', '0.6'];

/** The version a text names, with or without a suffix (`0.4-dev-spatialdata`, `0.6.dev1`); else `undefined`. */
export function parseVersion(text: unknown): OmeVersion | undefined {
  if (typeof text !== 'string') return undefined;
  const base = /^(0\.\d+)(?:[.+-].*)?$/.exec(text.trim())?.[1];
  return versions.find((version) => version === base);
}

/**
 * The OME-Zarr version a group is written in, read from `version` in one of the given objects or beside them.
 * Where nothing says it, the layout does: Zarr v3 is 0.5 (0.6 with coordinate systems); in Zarr v2
 * axes of objects are 0.4, of strings 0.3, and none 0.2.
 *
 * @param holders  dotted name within the metadata and the object that may hold `version`, first found wins
 * @throws AlibiError UnsupportedFormat  a version this reader does not know
 */
export function groupVersion(group: ZarrGroup, holders: readonly (readonly [string, unknown])[]): OmeVersion {
  for (const [name, holder] of holders) {
    if (!isObject(holder)) continue;
    const stated = own(holder, 'version');
    if (stated === undefined || stated === null) continue;
    const version = parseVersion(stated);
    const field = name === '' ? 'version' : `${name}.version`;
    if (version === undefined) {
      throw new AlibiError('UnsupportedFormat', {
        what: `${field} is ${describe(stated)}`,
        where: group.where,
        remedy: `Known versions are ${versions.join(', ')}; convert the image to 0.5.`,
      });
    }
    if ((group.zarrFormat === 3) !== (version === '0.5' || version === '0.6')) {
      throw new AlibiError('UnsupportedFormat', {
        what: `${field} is "${version}", which is not stored in Zarr v${group.zarrFormat}`,
        where: group.where,
        remedy:
          'Versions up to 0.4 are Zarr v2, 0.5 and later are Zarr v3; correct the version or convert the image.',
      });
    }
    return version;
  }
  return versionByLayout(group, holders);
}

function versionByLayout(group: ZarrGroup, holders: readonly (readonly [string, unknown])[]): OmeVersion {
  const objects = holders.map(([, holder]) => holder).filter(isObject);
  if (group.zarrFormat === 3) {
    return objects.some((holder) => own(holder, 'coordinateSystems') !== undefined) ? '0.6' : '0.5';
  }
  if (!objects.some((holder) => own(holder, 'datasets') !== undefined)) return '0.4';
  const axes = objects.map((holder) => own(holder, 'axes')).find(Array.isArray);
  if (axes === undefined) return '0.2';
  return axes.every((axis) => typeof axis === 'string') ? '0.3' : '0.4';
}
