/**
 * The rules of OME-Zarr 0.4 and 0.5 for the attributes of a group, as the specification's JSON Schemas have them
 * (ome/ngff-spec, branches 0.4 and 0.5), written by hand so that a message can name the field and the remedy. What
 * the specification says in prose only (order of axes, arrays, ids) is the store's validation.
 */
import { describe, isObject, own } from './metadata-file.ts';
import { all, list, number, object, oneOf, type Rule, requires, text, truth } from './rules.ts';

export type RuledVersion = '0.4' | '0.5';

interface Ruling {
  readonly version: RuledVersion;
  readonly strict: boolean;
}

/** 0.4 writes its version into each object, 0.5 once beside them. */
function versionField({ version }: Ruling): Readonly<Record<string, Rule>> {
  return version === '0.4' ? { version: oneOf('0.4') } : {};
}

/** Members only the strict schemas ask for, `version` among them in 0.4. */
function strictly({ version, strict }: Ruling, ...names: readonly string[]): Rule {
  return strict ? requires(...names, ...(version === '0.4' ? ['version'] : [])) : all();
}

const standardTypes = ['space', 'time', 'channel'];

/** A custom type may be any text; a type that is not a text is none at all. */
const axis = object({ name: text(), type: text() }, ['name']);

/** An untyped axis counts as a spatial one; one whose unit is not a text does not. */
function maySpace(value: unknown): boolean {
  if (!isObject(value)) return false;
  const isTextOrAbsent = (name: string): boolean =>
    !Object.hasOwn(value, name) || typeof own(value, name) === 'string';
  const typed = Object.hasOwn(value, 'type');
  return isTextOrAbsent('name') && isTextOrAbsent('unit') && (!typed || own(value, 'type') === 'space');
}

const twoOrThreeSpaceAxes: Rule = (value, field, report) => {
  if (!Array.isArray(value)) return;
  const count = value.filter(maySpace).length;
  if (count >= 2 && count <= 3) return;
  report({
    field,
    what: `has ${count} axes of type "space"`,
    remedy: `Give two or three (other types: ${standardTypes.slice(1).join(', ')}).`,
  });
};

const axes = all(list(axis, { min: 2, max: 5, unique: true }), twoOrThreeSpaceAxes);

const numbers = list(number(), { min: 2 });

const transformation: Rule = (value, field, report) => {
  const type = isObject(value) ? own(value, 'type') : undefined;
  if (type === 'scale' || type === 'translation') object({ [type]: numbers }, [type])(value, field, report);
  else object({ type: oneOf('scale', 'translation') }, ['type'])(value, field, report);
};

const exactlyOneScale: Rule = (value, field, report) => {
  if (!Array.isArray(value)) return;
  const count = value.filter((item) => isObject(item) && own(item, 'type') === 'scale').length;
  if (count !== 1) report({ field, what: `has ${count} scales`, remedy: 'Give exactly one.' });
};

const coordinateTransformations = all(list(transformation, { min: 1 }), exactlyOneScale);

const window = object({ start: number(), end: number(), min: number(), max: number() }, [
  'start',
  'end',
  'min',
  'max',
]);

function omero({ version }: Ruling): Rule {
  const channel = object(
    { window, color: text(), label: text(), family: text(), active: truth },
    version === '0.4' ? ['window', 'color'] : [],
  );
  return object({ channels: list(channel) }, ['channels']);
}

function multiscales(ruling: Ruling): Rule {
  const dataset = object({ path: text(), coordinateTransformations }, ['path', 'coordinateTransformations']);
  const entry = object(
    {
      name: text(),
      datasets: list(dataset, { min: 1 }),
      axes,
      coordinateTransformations,
      ...versionField(ruling),
    },
    ['datasets', 'axes'],
  );
  return list(all(entry, strictly(ruling, 'metadata', 'type', 'name')), { min: 1, unique: true });
}

const byte = number({ integer: true, min: 0, max: 255 });

function imageLabel(ruling: Ruling): Rule {
  const color = object({ 'label-value': number(), rgba: list(byte, { min: 4, max: 4 }) }, ['label-value']);
  const property = object({ 'label-value': number({ integer: true }) }, ['label-value']);
  return all(
    object({
      colors: list(color, { min: 1, unique: true }),
      properties: list(property, { min: 1, unique: true }),
      source: object({ image: text() }),
      ...versionField(ruling),
    }),
    strictly(ruling, 'colors'),
  );
}

const natural = number({ integer: true, min: 0 });
const positive = number({ integer: true, min: 1 });

/**
 * A well's path is one of the rows, then one of the columns. No schema says so, but a case of the 0.5 suite does. (Its
 * indices may disagree: published valid plates have them exchanged.)
 */
const wellsInRowsAndColumns: Rule = (value, field, report) => {
  if (!isObject(value)) return;
  const [rows, columns, wells] = ['rows', 'columns', 'wells'].map((name) => own(value, name));
  if (!Array.isArray(wells)) return;
  const known = (list: unknown): ReadonlySet<unknown> | undefined =>
    Array.isArray(list)
      ? new Set(list.flatMap((item: unknown) => (isObject(item) ? [own(item, 'name')] : [])))
      : undefined;
  const [rowNames, columnNames] = [known(rows), known(columns)];
  wells.forEach((item: unknown, i) => {
    const path = isObject(item) ? own(item, 'path') : undefined;
    if (typeof path !== 'string') return;
    const [row, column] = path.split('/');
    if ((rowNames?.has(row) ?? true) && (columnNames?.has(column) ?? true)) return;
    report({
      field: `${field}.wells[${i}].path`,
      what: `is ${describe(path)}, which is not a listed row and column`,
      remedy: 'Give the row, then the column, or list them.',
    });
  });
};

function plate(ruling: Ruling): Rule {
  const acquisition = object(
    {
      id: natural,
      maximumfieldcount: positive,
      name: text(),
      description: text(),
      starttime: natural,
      endtime: natural,
    },
    ['id'],
  );
  const named = object({ name: text(/^[A-Za-z0-9]+$/, 'letters and digits only') }, ['name']);
  const well = object(
    {
      path: text(/^[A-Za-z0-9]+\/[A-Za-z0-9]+$/, 'the row and the column, such as "B/03"'),
      rowIndex: natural,
      columnIndex: natural,
    },
    ['path', 'rowIndex', 'columnIndex'],
  );
  return all(
    object(
      {
        acquisitions: list(all(acquisition, ruling.strict ? requires('name', 'maximumfieldcount') : all())),
        field_count: positive,
        name: text(),
        columns: list(named, { min: 1, unique: true }),
        rows: list(named, { min: 1, unique: true }),
        wells: list(well, { min: 1, unique: true }),
        ...versionField(ruling),
      },
      ['columns', 'rows', 'wells'],
    ),
    strictly(ruling, 'name'),
    ruling.version === '0.5' ? wellsInRowsAndColumns : all(),
  );
}

function well(ruling: Ruling): Rule {
  const image = object(
    { acquisition: number({ integer: true }), path: text(/^[A-Za-z0-9]+$/, 'letters and digits only') },
    ['path'],
  );
  return all(
    object({ images: list(image, { min: 1, unique: true }), ...versionField(ruling) }, ['images']),
    strictly(ruling),
  );
}

/** What a group may say of itself; each has its own rules, and a group may be several at once. */
const kinds: readonly { readonly keys: readonly string[]; readonly rule: (ruling: Ruling) => Rule }[] = [
  {
    keys: ['multiscales', 'omero'],
    rule: (ruling) => object({ multiscales: multiscales(ruling), omero: omero(ruling) }, ['multiscales']),
  },
  { keys: ['image-label'], rule: (ruling) => object({ 'image-label': imageLabel(ruling) }) },
  { keys: ['plate'], rule: (ruling) => object({ plate: plate(ruling) }) },
  { keys: ['well'], rule: (ruling) => object({ well: well(ruling) }) },
  { keys: ['bioformats2raw.layout'], rule: () => object({ 'bioformats2raw.layout': oneOf(3) }) },
  { keys: ['series'], rule: () => object({ series: list(text()) }) },
  { keys: ['labels'], rule: () => object({ labels: list(text()) }) },
];

/**
 * The rule of the OME part of a group's attributes: the attributes themselves in 0.4, `attributes.ome` in 0.5. Which
 * rules hold is told from the members that are there; with none of them it is no OME-Zarr group.
 */
export function omeRule(ruling: Ruling): Rule {
  return (value, field, report) => {
    const base = object(
      { ...(ruling.version === '0.5' ? { version: oneOf('0.5') } : {}) },
      ruling.version === '0.5' ? ['version'] : [],
    );
    base(value, field, report);
    if (!isObject(value)) return;
    const present = kinds.filter(({ keys }) => keys.some((key) => Object.hasOwn(value, key)));
    for (const { rule } of present) rule(ruling)(value, field, report);
    if (present.length === 0) {
      report({
        field: field === '' ? 'attributes' : field,
        what: 'holds no OME-Zarr metadata',
        remedy: `Give one of ${kinds.map(({ keys }) => keys[0]).join(', ')}.`,
      });
    }
  };
}
