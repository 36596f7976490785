import { axisIndex, type LabelType, type LazyArray } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { Slices } from '../pipeline/pipeline.ts';
import { readScribblesGeojson } from '../segment/scribbles/read-geojson.ts';
import type { ClassSpec, Stroke } from '../segment/types.ts';
import { withinMask } from '../segment/within-mask.ts';
import { formatHexColor, paletteColor } from '../session-colors.ts';
import { readJsonFile } from './classifier-file.ts';
import type { Io } from './io.ts';
import { openLabelSource } from './label-source.ts';
import { readScribbles } from './read-scribbles.ts';

/** What `--scribbles` names, as strokes. */
export interface ScribbleSource {
  readonly strokes: readonly Stroke[];
  /** Classes the file itself names; null where it numbers them. */
  readonly classes: readonly ClassSpec[] | null;
}

/** Of a line in a GeoJSON file without a width of its own. */
const lineRadiusPx = 1;

/**
 * Strokes from painted pixels (labels or a PNG) or from GeoJSON.
 *
 * @param options.slices  of a PNG: the one slice it belongs to
 * @param options.names   `--classes`: their order, and for pixels their names
 * @param options.mask    what is painted outside does not count
 * @throws AlibiError InvalidInput  nothing is painted, or it does not fit the image
 */
export async function openScribbles(
  text: string,
  image: OmeImage,
  options: {
    readonly slices: Slices;
    readonly names?: readonly string[] | undefined;
    readonly mask: LazyArray<LabelType> | undefined;
  },
  io: Pick<Io, 'signal' | 'err'>,
): Promise<ScribbleSource> {
  if (/\.(geo)?json$/i.test(text)) return openGeojson(text, image, options, io);
  const source = await openLabelSource(text, image, options.slices, '--scribbles', io.signal);
  try {
    return { strokes: await readScribbles(source, options.mask, text, io.signal), classes: null };
  } finally {
    await source.close();
  }
}

async function openGeojson(
  path: string,
  image: OmeImage,
  {
    names,
    mask,
  }: { readonly names?: readonly string[] | undefined; readonly mask: LazyArray<LabelType> | undefined },
  { signal, err }: Pick<Io, 'signal' | 'err'>,
): Promise<ScribbleSource> {
  const along = (name: string) => image.levels[0]?.shape[axisIndex(image.axes, name)] ?? 1;
  const canvas = { widthPx: along('x'), heightPx: along('y'), depth: along('z'), times: along('t') };
  const value = await readJsonFile(path);
  const read = readScribblesGeojson(value, { canvas, radiusPx: lineRadiusPx, where: path });
  for (const { why, count, first } of read.leftOut) {
    err(
      `${path}: ${count} ${count === 1 ? 'feature is' : 'features are'} left out: ${why} (feature ${first})`,
    );
  }
  const order = names ?? read.classes.map(({ name }) => name);
  const unnamed = read.classes.find(({ name }) => !order.includes(name));
  if (read.strokes.every(({ className }) => className === null) || unnamed !== undefined) {
    throw new AlibiError('InvalidInput', {
      what:
        unnamed === undefined
          ? 'nothing in it is painted in a class'
          : `it has the class "${unnamed.name}", which --classes does not name`,
      where: path,
      remedy:
        unnamed === undefined
          ? 'Give each feature a classification.'
          : 'Name every class, or leave --classes out.',
    });
  }
  const strokes = read.strokes.map(
    ({ className, ...stroke }, index): Stroke => ({
      ...stroke,
      id: `feature-${index}`,
      classIndex: className === null ? null : order.indexOf(className),
    }),
  );
  const colors = new Map(read.classes.map(({ name, color }) => [name, color]));
  return {
    strokes: mask === undefined ? strokes : await withinMask(strokes, mask, { signal }),
    classes: order.map((name, index) => ({
      name,
      color: colors.get(name) ?? formatHexColor(paletteColor(index + 1)),
    })),
  };
}
