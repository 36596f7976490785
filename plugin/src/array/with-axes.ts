import { AlibiError } from '../errors.ts';
import { type Axis, axisIndex, type DataType, type LazyArray } from './lazy-array.ts';
import { transposed } from './transposed.ts';
import { wrapped } from './wrapped.ts';

const types: Readonly<Record<string, Axis>> = {
  t: { name: 't', type: 'time' },
  c: { name: 'c', type: 'channel' },
};

/**
 * The same array with exactly the axes `names`, in that order. Axes it lacks are added with a size of 1 (scale 1); axes it
 * has beyond them are left out, which only those of size 1 can be.
 *
 * @throws AlibiError InvalidInput  an axis to be left out is longer than 1
 */
export function withAxes<T extends DataType>(lazy: LazyArray<T>, names: readonly string[]): LazyArray<T> {
  const extra = lazy.axes.filter((axis) => !names.includes(axis.name)).map((axis) => axis.name);
  const long = extra.find((name) => lazy.shape[axisIndex(lazy.axes, name)]! > 1);
  if (long !== undefined) {
    throw new AlibiError('InvalidInput', {
      what: `the axis ${long} has ${lazy.shape[axisIndex(lazy.axes, long)]} elements`,
      where: `axes ${lazy.axes.map((axis) => axis.name).join(', ')}`,
      remedy: `Give an array of the axes ${names.join(', ')}, or one with a single ${long}.`,
    });
  }
  const present = names.filter((name) => axisIndex(lazy.axes, name) !== -1);
  const ordered = transposed(lazy, [...extra, ...present]);
  // Where each axis of the result lies in `ordered`; -1: added. Axes of one element do not change the order of elements.
  const sources = names.map((name) => axisIndex(ordered.axes, name));
  const pick = (values: readonly number[], added: number) =>
    sources.map((source) => (source === -1 ? added : values[source]!));
  const geometry = {
    axes: names.map((name, i) => ordered.axes[sources[i]!] ?? types[name] ?? { name, type: 'space' }),
    shape: pick(ordered.shape, 1),
    chunkShape: pick(ordered.chunkShape, 1),
    transform: {
      scale: pick(ordered.transform.scale, 1),
      translation: pick(ordered.transform.translation, 0),
    },
  };
  return wrapped(
    ordered,
    async (index, options) => {
      const inner = ordered.axes.map(({ name }) => index[names.indexOf(name)] ?? 0);
      const { data, shape } = await ordered.getChunk(inner, options);
      return { data, shape: pick(shape, 1) };
    },
    geometry,
  );
}
