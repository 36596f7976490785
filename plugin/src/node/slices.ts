import { axisIndex } from '../array/lazy-array.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { Slices } from '../pipeline/pipeline.ts';
import { type Flags, invalid } from './flags.ts';

/**
 * The slices `--z` and `--t` name: `all`, `a` or `a:b` (half-open, either end may be left out, negative
 * ends count from the end, as in Python).
 *
 * @returns  indices along z and t; `[0]` where the image has no such axis
 */
export function slicesOf(flags: Flags, image: OmeImage, command: string): Slices {
  const along = (name: 'z' | 't'): number[] => {
    const axis = axisIndex(image.axes, name);
    const text = flags.text(name);
    if (axis === -1 && text !== undefined && text !== 'all' && text !== '0') {
      throw invalid(
        `--${name} is "${text}"`,
        { name: command },
        `The image has no ${name} axis: leave --${name} out.`,
      );
    }
    return parseSlices(text ?? 'all', axis === -1 ? 1 : image.levels[0]!.shape[axis]!, name, command);
  };
  return { z: along('z'), t: along('t') };
}

/** @throws AlibiError InvalidInput  not of that form, or it names nothing */
export function parseSlices(text: string, size: number, name: string, command: string): number[] {
  if (text === 'all') return range(0, size);
  const whole = /^(-?\d+)$/.exec(text);
  const pair = /^(-?\d+)?:(-?\d+)?$/.exec(text);
  const fromEnd = (value: number): number => (value < 0 ? size + value : value);
  const start = fromEnd(Number(whole?.[1] ?? pair?.[1] ?? 0));
  const stop = whole ? start + 1 : pair?.[2] === undefined ? size : fromEnd(Number(pair[2]));
  const inside = range(Math.max(0, start), Math.min(size, stop));
  if ((whole === null && pair === null) || inside.length === 0) {
    throw invalid(
      `--${name} is "${text}"`,
      { name: command },
      `Write all, a or a:b with 0 ≤ a < b ≤ ${size}; b itself does not count.`,
    );
  }
  return inside;
}

function range(start: number, stop: number): number[] {
  return Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
}
