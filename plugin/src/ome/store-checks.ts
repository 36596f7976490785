import { AlibiError } from '../errors.ts';
import { readNode, type ZarrGroup, type ZarrNode } from './group.ts';
import { checkImage } from './image-checks.ts';
import { parseListing } from './labels-listing.ts';
import { childPath, describe, type GroupLocation, isObject, keyPrefix, own } from './metadata-file.ts';
import { type OmePlate, parsePlate, parseWell } from './plate.ts';
import type { Problem } from './rules.ts';
import { readScene, readSeries } from './series.ts';
import { fileOf, type StoreCheck } from './store-check.ts';
import { validateAttributes } from './validate-attributes.ts';
import { parseVersion } from './version.ts';

/** Groups looked at side by side: what a browser opens to one server. */
const concurrency = 6;

/** A series of plates, its wells, fields, their labels: five. Deeper is a folder that holds itself. */
const depthLimit = 8;

/** Check whatever lies at a path, and everything it says lies below. */
export async function checkNode(node: ZarrNode, check: StoreCheck): Promise<void> {
  const file = `${keyPrefix(check.at.path)}/`;
  if (node.kind === 'array') {
    check.report({
      file,
      field: '',
      what: 'is a Zarr array, not an OME-Zarr group',
      remedy: 'Validate the group above it.',
    });
    return;
  }
  const { group } = node;
  const sound = checkAttributes(group, check);
  const has = (name: string): boolean => own(group.ome, name) !== undefined;
  if (!sound) return;
  if (has('multiscales')) await guarded(check, () => checkImage(group, check, checkChild));
  if (has('plate')) await guarded(check, () => checkPlate(group, check));
  if (has('well')) await guarded(check, () => checkWell(group, check));
  if (has('scene')) {
    await guarded(check, async () => {
      const { images } = await readScene(group, check.options);
      await checkChildren(
        images.map(({ path }) => path),
        'multiscales',
        check,
      );
    });
  } else if (has('bioformats2raw.layout') && !has('multiscales') && !has('plate')) {
    await guarded(check, async () => {
      const { images } = await readSeries(group, check.options);
      await checkChildren(
        images.map(({ path }) => path),
        'multiscales',
        check,
      );
    });
  }
  if (has('labels')) {
    await guarded(check, () => checkChildren(parseListing(group) ?? [], 'multiscales', check));
  }
}

/** @returns whether the attributes are sound enough to look further */
function checkAttributes(group: ZarrGroup, { strict, report }: StoreCheck): boolean {
  const file = fileOf(group);
  const version = statedVersion(group);
  if (version !== '0.4' && version !== '0.5') return true;
  const { valid, problems } = validateAttributes(group.attributes, { version, strict });
  for (const problem of problems) report({ ...problem, file });
  return valid;
}

/** The version whose rules hold: the stated one where it is older or newer, else what the Zarr format implies. */
function statedVersion(group: ZarrGroup): string {
  const list = own(group.ome, 'multiscales');
  const holders = [
    group.ome,
    Array.isArray(list) ? list[0] : undefined,
    own(group.ome, 'plate'),
    own(group.ome, 'well'),
  ];
  const stated = holders.map((holder) =>
    isObject(holder) ? parseVersion(own(holder, 'version')) : undefined,
  );
  const version = stated.find((text) => text !== undefined);
  if (version !== undefined && version !== '0.4' && version !== '0.5') return version;
  return group.zarrFormat === 2 ? '0.4' : '0.5';
}

async function checkPlate(group: ZarrGroup, check: StoreCheck): Promise<void> {
  const plate = parsePlate(group);
  const file = fileOf(group);
  checkWellPlaces(plate, file, check);
  const acquisitions = new Set(plate.acquisitions.map(({ id }) => id));
  await eachOf(plate.wells, async ({ path }) => {
    const well = await checkChild(path, 'well', check);
    if (well === undefined || acquisitions.size === 0) return;
    await guarded(check, async () => {
      for (const field of parseWell(well).fields) {
        if (field.acquisition === undefined || acquisitions.has(field.acquisition)) continue;
        check.report({
          file: fileOf(well),
          field: 'well.images',
          what: `names acquisition ${field.acquisition}, which the plate does not list`,
          remedy: 'Add it to plate.acquisitions, or correct the well.',
        });
      }
    });
  });
}

function checkWellPlaces(plate: OmePlate, file: string, { report }: StoreCheck): void {
  const doubles = (name: string, values: readonly (string | number)[]): void => {
    const seen = new Set<string | number>();
    const double = values.find((value) => seen.size === seen.add(value).size);
    if (double === undefined) return;
    report({
      file,
      field: `plate.${name}`,
      what: `has ${describe(double)} twice`,
      remedy: 'Give each one once.',
    });
  };
  doubles('rows', plate.rows);
  doubles('columns', plate.columns);
  doubles(
    'wells',
    plate.wells.map(({ path }) => path),
  );
  doubles(
    'acquisitions',
    plate.acquisitions.map(({ id }) => id),
  );
  plate.wells.forEach(({ path, row, column }, i) => {
    if (path === `${row}/${column}`) return;
    report({
      file,
      field: `plate.wells[${i}].path`,
      what: `is "${path}", which is not a listed row and column`,
      remedy: `Give "${row}/${column}", or list the row and the column.`,
    });
  });
}

async function checkWell(group: ZarrGroup, check: StoreCheck): Promise<void> {
  await checkChildren(
    parseWell(group).fields.map(({ path }) => path),
    'multiscales',
    check,
  );
}

async function checkChildren(paths: readonly string[], kind: string, check: StoreCheck): Promise<void> {
  await eachOf(paths, (path) => checkChild(path, kind, check));
}

/**
 * Check a group that another one names.
 *
 * @param kind  member its OME metadata must have
 * @returns     the group, where there is one
 */
async function checkChild(path: string, kind: string, check: StoreCheck): Promise<ZarrGroup | undefined> {
  const at = { ...check.at, path: childPath(check.at.path, path) };
  return guarded(check, async () => {
    if (check.enough()) return undefined;
    const file = `${keyPrefix(at.path)}/`;
    if (check.depth >= depthLimit) {
      check.report({
        file,
        field: '',
        what: `lies more than ${depthLimit} groups deep`,
        remedy: 'Remove the link that leads back to a folder above it.',
      });
      return undefined;
    }
    const node = await readNode(at, check.options);
    if (node === undefined) {
      check.report({
        file,
        field: '',
        what: 'is not there',
        remedy: 'Write the group, or take it out of the list above it.',
      });
      return undefined;
    }
    if (node.kind === 'group' && own(node.group.ome, kind) === undefined) {
      check.report({
        file: fileOf(node.group),
        field: kind,
        what: 'is missing',
        remedy: `Add "${kind}", or take the group out of the list above it.`,
      });
      return undefined;
    }
    await checkNode(node, { ...check, at, depth: check.depth + 1 });
    return node.kind === 'group' ? node.group : undefined;
  });
}

/** Run a check; what makes it impossible to go on becomes a problem. */
async function guarded<T>(check: StoreCheck, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    const problem = problemOf(error, check.at);
    if (problem === undefined) throw error;
    check.report(problem);
    return undefined;
  }
}

/** An error as a problem of the store; `undefined` where it is none (network, permission, abort, a fault of ours). */
export function problemOf(error: unknown, at: GroupLocation): Problem | undefined {
  if (!(error instanceof AlibiError)) return undefined;
  const own = error.tag === 'InvalidInput' || error.tag === 'UnsupportedFormat' || error.tag === 'Integrity';
  const missing = error.tag === 'NotFound' && keyOf(error.where, at) !== keyPrefix(at.path);
  return own || missing
    ? { file: keyOf(error.where, at), field: '', what: error.what, remedy: error.remedy }
    : undefined;
}

function keyOf(where: string, at: GroupLocation): string {
  return where.startsWith(at.location) ? where.slice(at.location.length) : where;
}

async function eachOf<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await run(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
}
