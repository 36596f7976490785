import { axisIndex, type LabelType, type LazyArray } from '../../array/lazy-array.ts';
import { createProgress, type WorkOptions } from '../../array/progress.ts';
import { readRegion } from '../../array/region.ts';
import { AlibiError } from '../../errors.ts';
import { Outline } from '../../raster/outline.ts';
import type { Stroke } from '../types.ts';
import { stripOf, stripRows } from './strips.ts';

/** Beyond it a number is no class but an instance or a grey value. */
const classLimit = 255;
/** More pieces than anybody paints. */
const areaLimit = 100_000;

/**
 * Painted pixels of a label image as areas that cover exactly them: one stroke for each piece that hangs together by edges. Read
 * slice by slice and strip by strip; a piece that crosses from one strip of 1024 rows to the next is two.
 *
 * @param ids  canonical, of the finest level's size; 0 for none, else the number of the class from 1
 * @throws AlibiError InvalidInput  it holds more classes, or more pieces, than scribbles do
 */
export async function paintedAreas(
  ids: LazyArray<LabelType>,
  where: string,
  { signal, onProgress }: WorkOptions = {},
): Promise<Omit<Stroke, 'id'>[]> {
  const size = (name: string) => ids.shape[axisIndex(ids.axes, name)] ?? 1;
  const height = size('y');
  const strips = Math.ceil(height / stripRows);
  const progress = createProgress(size('t') * size('z') * strips, onProgress);
  const strokes: Omit<Stroke, 'id'>[] = [];
  for (let slice = 0; slice < size('t') * size('z') * strips; slice++) {
    const y0 = (slice % strips) * stripRows;
    const z = Math.floor(slice / strips) % size('z');
    const t = Math.floor(slice / strips / size('z'));
    const region = stripOf(ids, { t, z, y0, y1: Math.min(height, y0 + stripRows) });
    const { data } = await readRegion(ids, region, signal === undefined ? {} : { signal });
    for (const [id, outline] of outlines(data, size('x'), where)) {
      for (const { outer, holes } of outline.polygons()) {
        const rings = [outer, ...holes].map((ring) =>
          ring.map((value, i) => (i % 2 === 1 ? value + y0 : value)),
        );
        strokes.push({ classIndex: id - 1, radiusPx: 1, points: [], rings, z, t });
      }
    }
    if (strokes.length > areaLimit) throw refuse(`there are more than ${areaLimit} painted places`, where);
    progress.step();
  }
  return strokes;
}

function outlines(
  data: ArrayLike<number | bigint>,
  widthPx: number,
  where: string,
): ReadonlyMap<number, Outline> {
  const found = new Map<number, Outline>();
  const heightPx = data.length / widthPx;
  const at = (y: number, x: number) =>
    y < 0 || x < 0 || y >= heightPx || x >= widthPx ? 0 : Number(data[y * widthPx + x]);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; ) {
      const id = at(y, x);
      const x0 = x;
      do x++;
      while (x < widthPx && at(y, x) === id);
      if (id === 0) continue;
      if (!(id > 0 && id <= classLimit)) throw refuse(`there is a class ${id}`, where);
      const outline = found.get(id) ?? new Outline();
      found.set(id, outline);
      outline.addRun(y, x0, x, (row, column) => at(row, column) === id);
    }
  }
  return found;
}

function refuse(what: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give scribbles: 0 stands for none, 1 for the first class, 2 for the second, and so on.',
  });
}
