import { AlibiError } from '../errors.ts';
import { numberedGroups, readGroup, type ZarrGroup } from './group.ts';
import {
  childPath,
  describe,
  type GroupLocation,
  isObject,
  type JsonObject,
  keyPrefix,
  own,
  type ReadOptions,
  safeRelativePath,
} from './metadata-file.ts';
import type { OmeVersion } from './ome-image.ts';
import { nameOf } from './open-image.ts';
import { groupVersion } from './version.ts';

export interface OmeWellRef {
  /** Below the plate's group: `B/03`. */
  readonly path: string;
  readonly row: string;
  readonly column: string;
  /** Positions in the plate's lists of rows and columns. */
  readonly rowIndex: number;
  readonly columnIndex: number;
}

export interface OmeAcquisition {
  readonly id: number;
  readonly name?: string;
}

/** A high-content screening plate; its wells' fields are read when asked for. */
export interface OmePlate extends GroupLocation {
  readonly name: string;
  readonly version: OmeVersion;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly wells: readonly OmeWellRef[];
  readonly acquisitions: readonly OmeAcquisition[];
}

export interface OmeField {
  /** Below the well's group: `0`. */
  readonly path: string;
  readonly acquisition?: number;
}

export interface OmeWell extends GroupLocation {
  readonly version: OmeVersion;
  readonly fields: readonly OmeField[];
}

/** Wells read at once: what a browser opens to one server. */
const concurrency = 6;

export function parsePlate(group: ZarrGroup): OmePlate {
  const plate = asObject(group, 'plate');
  const rows = names(group, plate, 'rows');
  const columns = names(group, plate, 'columns');
  const name = own(plate, 'name');
  const places = { rows: positions(rows), columns: positions(columns) };
  return {
    store: group.store,
    path: keyPrefix(group.path),
    location: group.location,
    name: typeof name === 'string' && name !== '' ? name : nameOf(group),
    version: groupVersion(group, [
      ['', group.ome],
      ['plate', plate],
    ]),
    rows,
    columns,
    wells: list(group, plate, 'plate', 'wells').map((item, i) => parseWellRef(group, item, i, places)),
    acquisitions: acquisitions(plate),
  };
}

/** Names with the first place of each: a plate that claims a hundred thousand rows is read as fast as any. */
interface Places {
  readonly names: readonly string[];
  readonly first: ReadonlyMap<string, number>;
}

function positions(names: readonly string[]): Places {
  return { names, first: new Map(names.map((name, i) => [name, i] as const).reverse()) };
}

function parseWellRef(
  group: ZarrGroup,
  item: JsonObject,
  index: number,
  { rows, columns }: { readonly rows: Places; readonly columns: Places },
): OmeWellRef {
  const field = `plate.wells[${index}]`;
  const path = pathOf(group, item, field);
  const [first, second, ...more] = path.split('/');
  if (first === undefined || second === undefined || more.length > 0) {
    refuse(group, `${field}.path is "${path}"`, 'Give the row and the column, such as "B/03".');
  }
  // The path is what leads to the well; writers get the indices wrong, and before 0.4 there are none.
  const place = (name: string, { names, first }: Places, text: string): number => {
    const named = first.get(text);
    if (named !== undefined) return named;
    const stored = own(item, name);
    if (typeof stored === 'number' && names[stored] !== undefined) return stored;
    return refuse(
      group,
      `${field}.path is "${path}", whose "${text}" is not listed, and ${name} is ${describe(stored)}`,
      'Add it to the lists of rows and columns.',
    );
  };
  const rowIndex = place('rowIndex', rows, first);
  const columnIndex = place('columnIndex', columns, second);
  return { path, row: rows.names[rowIndex]!, column: columns.names[columnIndex]!, rowIndex, columnIndex };
}

export function parseWell(group: ZarrGroup): OmeWell {
  const well = asObject(group, 'well');
  return {
    store: group.store,
    path: keyPrefix(group.path),
    location: group.location,
    version: groupVersion(group, [
      ['', group.ome],
      ['well', well],
    ]),
    fields: list(group, well, 'well', 'images').map((item, i) => {
      const acquisition = own(item, 'acquisition');
      return {
        path: pathOf(group, item, `well.images[${i}]`),
        ...(typeof acquisition === 'number' ? { acquisition } : {}),
      };
    }),
  };
}

/**
 * One well of a plate with its fields: as the well lists them; where its group says nothing, as some
 * converters leave it, the images 0, 1, 2, … below it.
 *
 * @param path  as in `plate.wells`
 * @throws AlibiError  as {@link readGroup}, and InvalidInput for malformed metadata
 */
export async function openWell(plate: OmePlate, path: string, options: ReadOptions = {}): Promise<OmeWell> {
  const group = await readGroup({ ...locationOf(plate), path: childPath(plate.path, path) }, options);
  if (own(group.ome, 'well') !== undefined) return parseWell(group);
  const paths = await numberedGroups(group, options);
  if (paths.length === 0) refuse(group, 'well is missing', 'Give "well" with the list of its images.');
  return { ...locationOf(group), version: plate.version, fields: paths.map((field) => ({ path: field })) };
}

/** All wells of a plate with their fields, in the plate's order. */
export async function openWells(plate: OmePlate, options: ReadOptions = {}): Promise<OmeWell[]> {
  const wells = new Array<OmeWell>(plate.wells.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < plate.wells.length) {
      const i = next++;
      wells[i] = await openWell(plate, plate.wells[i]!.path, options);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, plate.wells.length) }, work));
  return wells;
}

function locationOf({ store, path, location }: GroupLocation): GroupLocation {
  return { store, path: keyPrefix(path), location };
}

function asObject(group: ZarrGroup, name: string): JsonObject {
  const value = own(group.ome, name);
  if (!isObject(value)) refuse(group, `${name} is ${describe(value)}`, 'Give an object.');
  return value;
}

function list(group: ZarrGroup, holder: JsonObject, holderName: string, name: string): JsonObject[] {
  const value = own(holder, name);
  if (!Array.isArray(value) || !value.every(isObject)) {
    refuse(group, `${holderName}.${name} is ${describe(value)}`, 'Give a list of objects.');
  }
  return value;
}

function names(group: ZarrGroup, plate: JsonObject, name: string): string[] {
  return list(group, plate, 'plate', name).map((item, i) => {
    const value = own(item, 'name');
    if (typeof value !== 'string')
      refuse(group, `plate.${name}[${i}].name is ${describe(value)}`, 'Give a text.');
    return value;
  });
}

function pathOf(group: ZarrGroup, item: JsonObject, field: string): string {
  const path = safeRelativePath(own(item, 'path'));
  if (path === undefined) {
    refuse(
      group,
      `${field}.path is ${describe(own(item, 'path'))}`,
      'Give a path below this group, without "..".',
    );
  }
  return path;
}

function acquisitions(plate: JsonObject): OmeAcquisition[] {
  const value = own(plate, 'acquisitions');
  return (Array.isArray(value) ? value : []).flatMap((item: unknown) => {
    const id = isObject(item) ? own(item, 'id') : undefined;
    const name = isObject(item) ? own(item, 'name') : undefined;
    return typeof id === 'number' ? [{ id, ...(typeof name === 'string' ? { name } : {}) }] : [];
  });
}

function refuse(group: ZarrGroup, what: string, remedy: string): never {
  throw new AlibiError('InvalidInput', { what, where: group.where, remedy });
}
