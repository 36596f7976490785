import { tentAt, type WindowGrid } from 'alibi-zarr/checkpoint';

/** Windows along one axis, as a plan of `alibi-zarr/checkpoint` lays them. */
export interface WindowAxis {
  readonly window: number;
  readonly count: number;
  /** First token of window `i`. */
  start(i: number): number;
  /** Share of window `i` in token `t`; sums to 1 over the windows. */
  share(i: number, t: number): number;
}

/**
 * The windows of a plan moved along by `shift` tokens, those that would leave the image shifted inwards as a plan does.
 *
 *     shift 0   [--------]                     shift 3   [--------]
 *                     [--------]                            [--------]
 *                          [--------]                             [--------]
 *                                                                  [--------]
 *
 * @param tokens  of the image along the axis, at least `window`
 * @param shift   0 … window − overlap
 */
export function shiftedAxis(
  tokens: number,
  { window, overlap }: { readonly window: number; readonly overlap: WindowGrid['overlap'] },
  shift: number,
): WindowAxis {
  const stride = window - overlap;
  const last = tokens - window;
  const starts = [0];
  for (let at = shift; at < last; at += stride) if (at > 0) starts.push(at);
  if (last > 0) starts.push(last);
  const weight = (i: number, t: number): number => tentAt(t - starts[i]!, window);
  return {
    window,
    count: starts.length,
    start: (i) => starts[i]!,
    share: (i, t) => {
      let sum = 0;
      for (let other = 0; other < starts.length; other++) sum += weight(other, t);
      return weight(i, t) / sum;
    },
  };
}
