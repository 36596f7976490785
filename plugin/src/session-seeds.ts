import type { WorkOptions } from './array/progress.ts';
import { AlibiError } from './errors.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { clusterSeeds, type SeedArea } from './segment/cluster-seeds.ts';
import { paintedClass } from './segment/painted-window.ts';
import type { Stroke } from './segment/types.ts';
import { formatHexColor, unusedColor } from './session-colors.ts';
import { canonicalLabels, pixelRatio } from './session-objects.ts';
import type { Painting } from './session-painting.ts';
import type { Layer } from './session-types.ts';

/** Where strokes are put, in pixels of the finest level. */
export interface SeedPlaces {
  readonly z: number;
  readonly t: number;
  /** Default: the whole slice. */
  readonly area?: SeedArea;
  /** Strokes at most. Default 24. */
  readonly count?: number;
  readonly seed?: number;
}

const defaultCount = 24;
/** A stroke's radius in pixels of the layer, at most: small, so that one place does not outweigh the others. */
const largestRadiusPx = 6;

/**
 * Small strokes well inside an id of a layer, where nobody has painted yet.
 *
 * @throws AlibiError InvalidInput  there is no such place
 */
async function seedStrokes(
  {
    layer,
    id,
    image,
    strokes,
  }: {
    readonly layer: Pick<Layer, 'levels' | 'name' | 'names'>;
    readonly id: number;
    readonly image: OmeImage;
    readonly strokes: readonly Stroke[];
  },
  { z, t, area, count = defaultCount, seed = 0 }: SeedPlaces,
  work: WorkOptions,
): Promise<readonly Omit<Stroke, 'id' | 'classIndex'>[]> {
  const labels = canonicalLabels(layer.levels[0]!.pixels);
  const finest = image.pixels[0]!;
  const along = (name: string) => pixelRatio(finest, labels, name);
  const ratio = { x: along('x'), y: along('y') };
  const lead = labels.axes
    .slice(0, -2)
    .map(({ name }) => (name === 't' ? t : Math.floor((z + 0.5) / along('z'))));
  const [height = 0, width = 0] = labels.shape.slice(-2);
  const centre = ({ x, y }: { readonly x: number; readonly y: number }) => ({
    x: (x + 0.5) * ratio.x,
    y: (y + 0.5) * ratio.y,
  });
  const seeds = await clusterSeeds(labels, {
    ...work,
    ...{ id, lead, count, seed },
    area:
      area === undefined
        ? { x0: 0, y0: 0, x1: width, y1: height }
        : { x0: area.x0 / ratio.x, y0: area.y0 / ratio.y, x1: area.x1 / ratio.x, y1: area.y1 / ratio.y },
    isTaken: (at) => paintedClass(strokes, { ...centre(at), z, t }) !== null,
  });
  if (seeds.length === 0) {
    throw new AlibiError('InvalidInput', {
      what: `"${layer.names.get(id) ?? id}" has no unpainted place here that is well inside it`,
      where: layer.name,
      remedy: 'Move to where there is more of it, or merge it with what it is part of.',
    });
  }
  return seeds.map(({ depthPx, ...at }) => {
    const { x, y } = centre(at);
    const radiusPx = Math.max(1, Math.min(depthPx / 2, largestRadiusPx) * Math.min(ratio.x, ratio.y));
    return { radiusPx, points: [x, y], z, t };
  });
}

/**
 * Paint small strokes well inside an id of a layer, where nobody has painted yet; one step for undo.
 *
 * @param classIndex  the class they are of; null adds one as `spec` says
 * @returns           the class, and the number of strokes
 * @throws AlibiError InvalidInput  there is no such class, or no such place
 */
export async function paintSeeds(
  {
    painting,
    classIndex,
    spec,
    ...input
  }: Omit<Parameters<typeof seedStrokes>[0], 'strokes'> & {
    readonly painting: Pick<Painting, 'classes' | 'strokes' | 'addClass' | 'addAll'>;
    readonly classIndex: number | null;
    readonly spec: { readonly name: string; readonly color: readonly [number, number, number] };
  },
  places: SeedPlaces,
  work: WorkOptions,
): Promise<{ readonly classIndex: number; readonly strokes: number }> {
  if (classIndex !== null && painting.classes[classIndex] === undefined) {
    throw new AlibiError('InvalidInput', {
      what: `there is no class ${classIndex + 1}`,
      where: input.layer.name,
      remedy: 'Choose a class, or a new one.',
    });
  }
  const strokes = await seedStrokes({ ...input, strokes: painting.strokes }, places, work);
  work.signal?.throwIfAborted();
  const taken = painting.classes.map(({ color }) => color);
  const color = formatHexColor(unusedColor(spec.color, taken));
  const into = classIndex ?? painting.addClass({ name: spec.name, color });
  painting.addAll(strokes.map((stroke) => ({ ...stroke, classIndex: into })));
  return { classIndex: into, strokes: strokes.length };
}
