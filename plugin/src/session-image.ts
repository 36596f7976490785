import { axisIndex } from './array/lazy-array.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Slices } from './pipeline/pipeline.ts';

/** Every z and t of the image: what fits sample unless told. */
export function allSlices(image: OmeImage): Slices {
  const count = (name: string) => image.levels[0]?.shape[axisIndex(image.axes, name)] ?? 1;
  const range = (length: number) => Array.from({ length }, (_, index) => index);
  return { z: range(count('z')), t: range(count('t')) };
}

/** Names of ids from `image-label.properties`, whatever the writer called the field. */
export function labelNames(
  properties: ReadonlyMap<number | bigint, Readonly<Record<string, unknown>>>,
): Map<number, string> {
  const names = new Map<number, string>();
  for (const [id, entry] of properties) {
    const name = entry.name ?? entry.class ?? entry.label;
    if (typeof name === 'string') names.set(Number(id), name);
  }
  return names;
}
