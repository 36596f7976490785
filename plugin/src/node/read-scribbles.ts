import type { LabelType, LazyArray } from '../array/lazy-array.ts';
import { readRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { type ScribblePlane, scribbleStrokes } from '../segment/scribble-strokes.ts';
import { stripOf, stripRows } from '../segment/scribbles/strips.ts';
import type { Stroke } from '../segment/types.ts';
import type { LabelSource } from './label-source.ts';

/** Beyond it a number is no class but an instance or a grey value. */
const classLimit = 255;

/**
 * Painted pixels as strokes, slice by slice and strip by strip.
 *
 * @param mask  painted pixels outside do not count
 * @throws AlibiError InvalidInput  nothing is painted, or more classes than anybody names
 */
export async function readScribbles(
  { ids, slices }: LabelSource,
  mask: LazyArray<LabelType> | undefined,
  where: string,
  signal: AbortSignal,
): Promise<Stroke[]> {
  const height = ids.shape.at(-2)!;
  const strokes: Stroke[] = [];
  for (const t of slices.t) {
    for (const z of slices.z) {
      for (let y0 = 0; y0 < height; y0 += stripRows) {
        const region = stripOf(ids, { t, z, y0, y1: Math.min(height, y0 + stripRows) });
        const { data, shape } = await readRegion(ids, region, { signal });
        const inside = mask === undefined ? undefined : (await readRegion(mask, region, { signal })).data;
        const painted = Uint16Array.from({ length: data.length }, (_, i) =>
          inside !== undefined && Number(inside[i]) === 0 ? 0 : Math.min(65535, Number(data[i])),
        );
        const plane = { data: painted, heightPx: shape.at(-2)!, widthPx: shape.at(-1)! };
        strokes.push(...stripStrokes(plane, { z, t }, y0));
      }
    }
  }
  const most = strokes.reduce((largest, { classIndex }) => Math.max(largest, classIndex ?? 0), -1) + 1;
  if (most === 0 || most > classLimit) {
    throw new AlibiError('InvalidInput', {
      what:
        most > 0
          ? `there is a class ${most}`
          : mask === undefined
            ? 'nothing is painted'
            : 'nothing is painted inside the mask (--mask)',
      where,
      remedy:
        most === 0 && mask !== undefined
          ? 'Strokes count where the mask is not 0.'
          : '0 stands for none, 1 for the first class, 2 for the second, and so on.',
    });
  }
  return strokes;
}

function stripStrokes(
  plane: ScribblePlane,
  at: { readonly z: number; readonly t: number },
  y0: number,
): Stroke[] {
  if (y0 === 0) return scribbleStrokes(plane, at);
  return scribbleStrokes(plane, at).map((stroke) => ({
    ...stroke,
    id: `${stroke.id}+${y0}`,
    group: `${stroke.group}+${y0}`,
    points: stroke.points.map((value, i) => (i % 2 === 1 ? value + y0 : value)),
  }));
}
