/** What a probe tries to read from a token: where it lies. */
export type RampName = 'lr' | 'ud' | 'diag' | 'radial';

export const RAMP_NAMES: readonly RampName[] = ['lr', 'ud', 'diag', 'radial'];

/**
 * A map of positions, from 0 to 1.
 *
 *     lr      0 at the left edge, 1 at the right       ud  0 at the top, 1 at the bottom
 *     diag    mean of a column's and a row's place along the longer side
 *     radial  1 at token (rows >> 1, cols >> 1), 0 at the token furthest from it
 *
 * @returns float64 [rows, cols]; the caller owns the buffer
 * Source: tldr-group/dino-saw@636424c, dinosaw/linear_probe.py, get_ramp.
 */
export function rampOf(name: RampName, rows: number, cols: number): Float64Array {
  const at = place(name, rows, cols);
  return Float64Array.from({ length: rows * cols }, (_, i) => at(Math.floor(i / cols), i % cols));
}

function place(name: RampName, rows: number, cols: number): (row: number, col: number) => number {
  if (name === 'lr') return (_, col) => share(col, cols);
  if (name === 'ud') return (row) => share(row, rows);
  if (name === 'diag') {
    const side = Math.max(rows, cols);
    return (row, col) => (share(row, side) + share(col, side)) / 2;
  }
  const [middleRow, middleCol] = [rows >> 1, cols >> 1];
  // The middle is rounded up: the first corner is never nearer than another.
  const furthest = Math.hypot(middleRow, middleCol);
  return (row, col) => (furthest === 0 ? 1 : 1 - Math.hypot(row - middleRow, col - middleCol) / furthest);
}

function share(i: number, size: number): number {
  return size < 2 ? 0 : i / (size - 1);
}
