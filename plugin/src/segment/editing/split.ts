import type { EditRun } from '../../array/edited.ts';
import { AlibiError } from '../../errors.ts';
import { labelComponents } from '../../raster/components.ts';
import { type Flooded, flood, idAtPixel, type LabelSlice, type Pixel } from './flood.ts';

/** Pieces smaller than this share of the object are no object that a line was meant to cut off. */
const sliverShare = 0.005;

/**
 * Cut the object under a line in two or more, in its slice. The largest piece keeps the id; the pixels of the line go to a piece
 * beside them.
 *
 * @param points  x0, y0, x1, y1, … in pixels of the labels
 * @returns       the pieces that get ids of their own, largest first
 * @throws AlibiError InvalidInput  there is no object under the line, or it does not cut through
 */
export async function splitByLine(
  slice: LabelSlice,
  points: readonly number[],
): Promise<readonly (readonly EditRun[])[]> {
  const line = linePixels(points, slice.labels.shape.slice(-2));
  const object = await objectUnder(slice, line);
  const box = boundsOf(object.runs);
  const columns = box.x1 - box.x0;
  const rows = box.y1 - box.y0;
  const mask = new Uint32Array(rows * columns);
  for (const { y, x0, x1 } of object.runs) {
    mask.fill(1, (y - box.y0) * columns + x0 - box.x0, (y - box.y0) * columns + x1 - box.x0);
  }
  const cut: number[] = [];
  for (const { y, x } of line) {
    if (y < box.y0 || y >= box.y1 || x < box.x0 || x >= box.x1) continue;
    const at = (y - box.y0) * columns + x - box.x0;
    if (mask[at] === 1) cut.push(at);
    mask[at] = 0;
  }
  const { labels, sizes } = labelComponents(mask, [1, rows, columns], 1);
  const order = Array.from(sizes, (_, n) => n).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const pieces = order.filter(
    (n, rank) => rank === 0 || sizes[n]! >= Math.max(2, sliverShare * object.pixels),
  );
  if (pieces.length < 2) {
    throw new AlibiError('InvalidInput', {
      what: `the line does not cut through the object ${object.id}`,
      where: 'splitting an object',
      remedy: 'Draw it from outside the object through it to the other side.',
    });
  }
  /** By label: 0 keeps the id, n is the n-th piece; slivers stay with the largest. */
  const pieceOf = Uint32Array.from(sizes, (_, n) => Math.max(0, pieces.indexOf(n)));
  const owner = Int32Array.from(labels, (label) => (label === 0 ? -1 : pieceOf[label - 1]!));
  giveLine(owner, cut, columns);
  return pieces.slice(1).map((_, n) => runsOf(owner, n + 1, { ...box, columns }));
}

/** The object that most of the line's pixels lie on. */
async function objectUnder(slice: LabelSlice, line: readonly Pixel[]): Promise<Flooded> {
  const seen = new Map<number, { count: number; at: Pixel }>();
  for (const pixel of line) {
    const id = await idAtPixel(slice, pixel);
    if (id === 0) continue;
    const known = seen.get(id);
    if (known === undefined) seen.set(id, { count: 1, at: pixel });
    else known.count++;
  }
  const [most] = [...seen.values()].sort((a, b) => b.count - a.count);
  if (most !== undefined) return flood(slice, most.at);
  throw new AlibiError('InvalidInput', {
    what: 'there is no object under the line',
    where: 'splitting an object',
    remedy: 'Draw it through the object to be split.',
  });
}

/** The pixels a polyline passes through, each step to one of eight neighbours. */
function linePixels(points: readonly number[], [height = 0, width = 0]: readonly number[]): Pixel[] {
  const pixels: Pixel[] = [];
  const put = (x: number, y: number): void => {
    const last = pixels.at(-1);
    const pixel = { y: Math.floor(y), x: Math.floor(x) };
    if (last?.x === pixel.x && last.y === pixel.y) return;
    if (pixel.y >= 0 && pixel.x >= 0 && pixel.y < height && pixel.x < width) pixels.push(pixel);
  };
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x0, y0] = [points[Math.max(0, i - 2)]!, points[Math.max(1, i - 1)]!];
    const [x1, y1] = [points[i]!, points[i + 1]!];
    // Half a pixel a step: no pixel between two steps is jumped over.
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    for (let n = 0; n <= steps; n++) put(x0 + ((x1 - x0) * n) / steps, y0 + ((y1 - y0) * n) / steps);
  }
  return pixels;
}

interface Bounds {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

function boundsOf(runs: readonly EditRun[]): Bounds {
  let [x0, x1] = [Number.POSITIVE_INFINITY, 0];
  for (const run of runs) {
    x0 = Math.min(x0, run.x0);
    x1 = Math.max(x1, run.x1);
  }
  return { y0: runs[0]!.y, y1: runs.at(-1)!.y + 1, x0, x1 };
}

/** Give the pixels of the line to a piece beside them, from its edges inwards. */
function giveLine(owner: Int32Array, cut: readonly number[], columns: number): void {
  for (let left = [...cut]; left.length > 0; ) {
    const given = left.flatMap((at) => {
      const beside = neighbours(at, columns, owner.length).find((other) => owner[other]! >= 0);
      return beside === undefined ? [] : [[at, owner[beside]!] as const];
    });
    if (given.length === 0) return;
    for (const [at, piece] of given) owner[at] = piece;
    left = left.filter((at) => owner[at] === -1);
  }
}

function neighbours(at: number, columns: number, length: number): number[] {
  const x = at % columns;
  return [x > 0 ? at - 1 : -1, x < columns - 1 ? at + 1 : -1, at - columns, at + columns].filter(
    (other) => other >= 0 && other < length,
  );
}

function runsOf(owner: Int32Array, piece: number, box: Bounds & { readonly columns: number }): EditRun[] {
  const runs: EditRun[] = [];
  for (let y = box.y0; y < box.y1; y++) {
    const line = (y - box.y0) * box.columns;
    for (let x = 0; x < box.columns; ) {
      const start = x++;
      if (owner[line + start] !== piece) continue;
      while (x < box.columns && owner[line + x] === piece) x++;
      runs.push({ y, x0: box.x0 + start, x1: box.x0 + x });
    }
  }
  return runs;
}
