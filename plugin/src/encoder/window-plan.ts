import { AlibiError } from '../errors.ts';

/** The window grid of a checkpoint, in tokens. */
export interface WindowGrid {
  readonly rows: number;
  readonly cols: number;
  /** Tokens that neighbouring windows share. */
  readonly overlap: number;
}

/**
 * Windows along one axis of the token lattice. Arithmetic only: nothing is stored per window or per token,
 * whatever the size of the image.
 *
 *     tokens   0 . . . . . . . . . . . . . n
 *     window 0 [-----------]
 *     window 1          [-----------]            starts at i * stride
 *     window 2              [-----------]        the last is shifted inwards, never past the end
 *     chunk    |--------|--------|------|        of `stride` tokens
 */
export interface AxisPlan {
  readonly tokens: number;
  readonly window: number;
  readonly stride: number;
  /** Number of windows. */
  readonly count: number;
  /** First token of window `i`; 0 for the only window of an image smaller than a window. */
  start(i: number): number;
  /** Windows `[first, last]` that hold any token of `[begin, end)`. */
  windowsOf(begin: number, end: number): { readonly first: number; readonly last: number };
  /** Share of window `i` in token `t`: in (0, 1], sums to 1 over the windows that hold `t`; 0 outside. */
  share(i: number, t: number): number;
}

export interface WindowPlan {
  readonly rows: AxisPlan;
  readonly cols: AxisPlan;
  /** Number of windows of one slice. */
  readonly windows: number;
  /** Tokens computed over tokens of the image. */
  readonly cost: number;
}

/**
 * Cover a lattice of `rowsTokens` × `colsTokens` tokens with windows of one size.
 *
 * @throws AlibiError InvalidInput  an empty lattice, or an overlap as wide as the window
 */
export function planWindows(rowsTokens: number, colsTokens: number, grid: WindowGrid): WindowPlan {
  const rows = planAxis(rowsTokens, grid.rows, grid.overlap);
  const cols = planAxis(colsTokens, grid.cols, grid.overlap);
  const windows = rows.count * cols.count;
  return { rows, cols, windows, cost: (windows * grid.rows * grid.cols) / (rowsTokens * colsTokens) };
}

function planAxis(tokens: number, window: number, overlap: number): AxisPlan {
  const whole = [tokens, window, overlap].every(Number.isSafeInteger);
  if (!whole || tokens < 1 || window < 1 || overlap < 0 || overlap >= window) {
    throw new AlibiError('InvalidInput', {
      what: `cannot lay windows of ${window} tokens with ${overlap} overlapped over ${tokens} tokens`,
      where: 'window plan',
      remedy: 'Give whole numbers with an overlap smaller than the window.',
    });
  }
  const stride = window - overlap;
  const count = tokens <= window ? 1 : Math.ceil((tokens - window) / stride) + 1;
  const start = (i: number): number => Math.max(0, Math.min(i * stride, tokens - window));
  const windowsOf = (begin: number, end: number) => ({
    first: clamp(Math.ceil((begin - window + 1) / stride), 0, count - 1),
    last: end > tokens - window ? count - 1 : clamp(Math.floor((end - 1) / stride), 0, count - 1),
  });
  const share = (i: number, t: number): number => {
    const own = tentAt(t - start(i), window);
    if (own === 0) return 0;
    const { first, last } = windowsOf(t, t + 1);
    let sum = 0;
    for (let other = first; other <= last; other++) sum += tentAt(t - start(other), window);
    return own / sum;
  };
  return { tokens, window, stride, count, start, windowsOf, share };
}

/**
 * The weight of a window in its token `k`, before it is divided by the sum over windows: the distance to the nearer edge of the
 * window, in tokens, so that the share of one window passes to the next in equal steps over all that the two hold in
 * common, which is the smallest largest step there is. Strictly positive inside the window, 0 outside.
 */
export function tentAt(k: number, window: number): number {
  return Math.max(0, Math.min(k + 1, window - k));
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
