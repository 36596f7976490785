import type { EditRun } from '../../array/edited.ts';
import type { LazyArray } from '../../array/lazy-array.ts';
import { readRegion } from '../../array/region.ts';
import { AlibiError } from '../../errors.ts';

/** One slice of labels: index along the axes before y and x. */
export interface LabelSlice {
  readonly labels: LazyArray;
  readonly lead: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface Pixel {
  readonly y: number;
  readonly x: number;
}

/** Pixels of one id that hang together by their sides. */
export interface Flooded {
  readonly id: number;
  /** Rising by row, then column. */
  readonly runs: readonly EditRun[];
  readonly pixels: number;
}

/** Side of the windows that are looked at one after another. */
const windowPx = 256;
/** Pixels a person can mean to change by a click. */
const defaultPixelLimit = 2 ** 24;

/** The id of a pixel. @throws AlibiError InvalidInput  outside the labels */
export async function idAtPixel({ labels, lead, signal }: LabelSlice, { y, x }: Pixel): Promise<number> {
  const [height = 0, width = 0] = labels.shape.slice(-2);
  if (!(y >= 0 && x >= 0 && y < height && x < width)) {
    throw new AlibiError('InvalidInput', {
      what: `the pixel ${x}, ${y} lies outside the labels of ${width} × ${height}`,
      where: 'editing labels',
      remedy: 'Choose a place inside the image.',
    });
  }
  const box = { start: [...lead, y, x], stop: [...lead.map((i) => i + 1), y + 1, x + 1] };
  return Number((await readRegion(labels, box, signal === undefined ? {} : { signal })).data[0]);
}

/**
 * The pixels that have the id of `seed` and hang together with it by their sides, window by window, so that only what is flooded is
 * read.
 *
 * @throws AlibiError InvalidInput  the seed lies outside, or more pixels than the limit
 */
export async function flood(
  slice: LabelSlice,
  seed: Pixel,
  { pixelLimit = defaultPixelLimit }: { readonly pixelLimit?: number } = {},
): Promise<Flooded> {
  const id = await idAtPixel(slice, seed);
  const [height = 0, width = 0] = slice.labels.shape.slice(-2);
  const windows = new Map<string, FloodWindow>();
  /** Windows with pixels to start from. */
  const due = new Map<string, Pixel[]>();
  const add = ({ y, x }: Pixel): void => {
    if (y < 0 || x < 0 || y >= height || x >= width) return;
    const key = `${Math.floor(y / windowPx)}/${Math.floor(x / windowPx)}`;
    if (windows.get(key)?.isFlooded(y, x)) return;
    const list = due.get(key);
    if (list === undefined) due.set(key, [{ y, x }]);
    else list.push({ y, x });
  };
  add(seed);
  let pixels = 0;
  for (let next = due.entries().next(); !next.done; next = due.entries().next()) {
    slice.signal?.throwIfAborted();
    const [key, seeds] = next.value;
    due.delete(key);
    const window = windows.get(key) ?? (await openWindow(slice, seeds[0]!, id, { height, width }));
    windows.set(key, window);
    pixels += window.flood(seeds, add);
    if (pixels <= pixelLimit) continue;
    throw new AlibiError('InvalidInput', {
      what: `more than ${pixelLimit.toLocaleString('en')} pixels hang together here`,
      where: 'editing labels',
      remedy: 'Fill something smaller, or draw a border first.',
    });
  }
  return { id, runs: [...windows.values()].flatMap((window) => window.runs()).sort(inOrder), pixels };
}

function inOrder(a: EditRun, b: EditRun): number {
  return a.y - b.y || a.x0 - b.x0;
}

interface FloodWindow {
  isFlooded(y: number, x: number): boolean;
  /** @returns number of pixels that are new */
  flood(seeds: readonly Pixel[], beyond: (pixel: Pixel) => void): number;
  runs(): EditRun[];
}

async function openWindow(
  { labels, lead, signal }: LabelSlice,
  at: Pixel,
  id: number,
  size: { readonly height: number; readonly width: number },
): Promise<FloodWindow> {
  const y0 = at.y - (at.y % windowPx);
  const x0 = at.x - (at.x % windowPx);
  const y1 = Math.min(size.height, y0 + windowPx);
  const x1 = Math.min(size.width, x0 + windowPx);
  const box = { start: [...lead, y0, x0], stop: [...lead.map((i) => i + 1), y1, x1] };
  const { data } = await readRegion(labels, box, signal === undefined ? {} : { signal });
  const columns = x1 - x0;
  /** 1: of the id; 2: flooded. */
  const state = Uint8Array.from(data, (value: number | bigint) => (Number(value) === id ? 1 : 0));
  return {
    isFlooded: (y, x) => state[(y - y0) * columns + x - x0] === 2,
    flood(seeds, beyond) {
      const stack = [...seeds];
      let count = 0;
      for (let pixel = stack.pop(); pixel !== undefined; pixel = stack.pop()) {
        const { y, x } = pixel;
        if (y < y0 || y >= y1 || x < x0 || x >= x1) {
          beyond(pixel);
          continue;
        }
        const offset = (y - y0) * columns + x - x0;
        if (state[offset] !== 1) continue;
        state[offset] = 2;
        count++;
        stack.push({ y: y - 1, x }, { y: y + 1, x }, { y, x: x - 1 }, { y, x: x + 1 });
      }
      return count;
    },
    runs() {
      const runs: EditRun[] = [];
      for (let y = y0; y < y1; y++) {
        const line = (y - y0) * columns;
        for (let x = 0; x < columns; ) {
          const start = x++;
          if (state[line + start] !== 2) continue;
          while (x < columns && state[line + x] === 2) x++;
          runs.push({ y, x0: x0 + start, x1: x0 + x });
        }
      }
      return runs;
    },
  };
}
