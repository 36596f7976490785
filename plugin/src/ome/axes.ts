import type { Axis } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { describe, isObject, own } from './metadata-file.ts';
import type { OmeVersion } from './ome-image.ts';

const types: Readonly<Record<string, string>> = {
  t: 'time',
  c: 'channel',
  z: 'space',
  y: 'space',
  x: 'space',
};
const known = ['t', 'c', 'z', 'y', 'x'];

/**
 * The axes of a multiscale image. 0.1 and 0.2 have none in the file and are always t, c, z, y, x; 0.3 has
 * names; later versions have objects.
 *
 * An axis typed `channel` or `time` under another name is called `c` or `t` here (where no axis has that name
 * already), since everything built on this reads axes by name; the attributes keep the written name.
 *
 * @throws AlibiError InvalidInput       the list is malformed
 * @throws AlibiError UnsupportedFormat  no x and y among the axes
 */
export function parseAxes(value: unknown, version: OmeVersion, where: string, field: string): Axis[] {
  if (version === '0.1' || version === '0.2') return known.map((name) => ({ name, type: types[name]! }));
  const refuse = (what: string, remedy: string): never => {
    throw new AlibiError('InvalidInput', { what, where, remedy });
  };
  if (!Array.isArray(value)) {
    return refuse(
      `${field} is ${describe(value)}, not a list`,
      'List the axes of the arrays in their order.',
    );
  }
  if (value.length < 2 || value.length > 5) {
    return refuse(`${field} has ${value.length} entries`, 'An image has two to five axes.');
  }
  const axes = canonical(value.map((item: unknown, i) => parseAxis(item, version, where, `${field}[${i}]`)));
  const names = axes.map((axis) => axis.name);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined)
    return refuse(`${field} names "${double}" twice`, 'Give every axis its own name.');
  if (!names.includes('x') || !names.includes('y')) {
    throw new AlibiError('UnsupportedFormat', {
      what: `${field} (${names.join(', ')}) has no x and y`,
      where,
      remedy: 'Name the two axes of the picture x and y.',
    });
  }
  return axes;
}

function parseAxis(item: unknown, version: OmeVersion, where: string, field: string): Axis {
  if (version === '0.3' && typeof item === 'string') {
    const type = types[item];
    return type === undefined ? { name: item } : { name: item, type };
  }
  const name = isObject(item) ? own(item, 'name') : undefined;
  if (!isObject(item) || typeof name !== 'string' || name === '') {
    throw new AlibiError('InvalidInput', {
      what: `${field} is ${describe(item)}${isObject(item) ? ' without a name' : ''}`,
      where,
      remedy:
        version === '0.3'
          ? 'Give the axis as a name.'
          : 'Give the axis as an object with name, type and unit.',
    });
  }
  const type = own(item, 'type');
  const unit = own(item, 'unit');
  return {
    name,
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof unit === 'string' ? { unit } : {}),
  };
}

function canonical(axes: readonly Axis[]): Axis[] {
  const rename = (type: string, name: string): void => {
    const matches = axes.filter((axis) => axis.type === type);
    const [only] = matches;
    if (matches.length !== 1 || only === undefined || axes.some((axis) => axis.name === name)) return;
    axes = axes.map((axis) => (axis === only ? { ...axis, name } : axis));
  };
  rename('channel', 'c');
  rename('time', 't');
  return [...axes];
}

/**
 * Refuse an array whose unfamiliar axes have more than one position: nothing could choose among them.
 *
 * @throws AlibiError UnsupportedFormat
 */
export function assertKnownAxes(axes: readonly Axis[], shape: readonly number[], where: string): void {
  axes.forEach((axis, i) => {
    if (known.includes(axis.name) || shape[i] === 1) return;
    throw new AlibiError('UnsupportedFormat', {
      what: `axis "${axis.name}" has ${shape[i]} positions`,
      where,
      remedy:
        'Images may have the axes t, c, z, y and x; write one image for each position of the other axis.',
    });
  });
}
