import type { WindowGrid } from 'alibi-zarr/checkpoint';
import type { SeamResult } from 'alibi-zarr-schemas';
import { counted, figure } from '../figure.ts';
import type { CropResult, WindowResult } from './measure-seam.ts';

/** Of one window grid: the mean over crops, the median over windows of their time. */
export function meanOver(
  crops: readonly { readonly crop: CropResult; readonly times: readonly number[] }[],
  { rows, cols, overlap }: WindowGrid,
  cost: number,
): WindowResult {
  const times = crops.flatMap((crop) => crop.times).sort((a, b) => a - b);
  const perCrop = crops.map(({ crop }) => crop);
  return {
    rows,
    cols,
    overlap,
    centredConsistency: meanOf(perCrop.map((crop) => crop.centredConsistency)) ?? 0,
    plainConsistency: meanOf(perCrop.map((crop) => crop.plainConsistency)) ?? 0,
    seamRatio: meanOf(perCrop.map((crop) => crop.seamRatio)),
    contentSeamRatio: meanOf(perCrop.map((crop) => crop.contentSeamRatio)),
    cost,
    changedLabels: meanOf(perCrop.map((crop) => crop.changedLabels)),
    windowMs: times[times.length >> 1] ?? 0,
    perCrop,
  };
}

/** Of those that are there; null where none is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length;
}

/** Figures of the manifest's own windows go by their plain names; those of others say which. */
export function figuresOf(
  windows: readonly WindowResult[],
  o: { readonly own: WindowGrid; readonly crops: number; readonly tokens: number },
): SeamResult['figures'] {
  return windows.flatMap((window) => {
    const { rows, cols, overlap } = window;
    const isOwn = rows === o.own.rows && cols === o.own.cols && overlap === o.own.overlap;
    const suffix = isOwn ? '' : `, windows ${rows}×${cols}, ${overlap} overlapped`;
    const note = `mean over ${counted(o.crops, 'crop')} of ${o.tokens}×${o.tokens} tokens, windows ${rows}×${cols} with ${overlap} overlapped`;
    const named: readonly (readonly [string, number | null])[] = [
      ['centred consistency', window.centredConsistency],
      ['plain consistency', window.plainConsistency],
      ['seam ratio', window.seamRatio],
      ['seam ratio of the content', window.contentSeamRatio],
      ['cost', window.cost],
      ['changed label pixels', window.changedLabels],
    ];
    return named.flatMap(([name, value]) =>
      value === null ? [] : [figure(`${name}${suffix}`, value, note)],
    );
  });
}
