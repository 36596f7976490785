import type { ScribblesResult } from 'alibi-zarr-schemas';
import { boundaryF1 } from './boundary-f1.ts';
import { addToConfusion, createConfusion, iousOf, meanOf } from './confusion.ts';
import type { ScribbledImage } from './scribbled-images.ts';

export type ImageScores = ScribblesResult['folders'][number]['images'][number];

/** Pixels by which a boundary may be off and still count as found. */
export const TOLERANCE_PX = 2;

/** How well `predicted` (class of each pixel) fits the truth of an image. */
export function scoreImage(scribbled: ScribbledImage, predicted: Uint16Array): ImageScores {
  const { name, image, truth, scribbles, classes, labels } = scribbled;
  const { height, width } = image;
  const confusion = createConfusion(classes);
  addToConfusion(confusion, truth.data, predicted);
  const classIou = iousOf(confusion);
  const shape = { height, width, classes, tolerancePx: TOLERANCE_PX };
  const classBoundaryF1 = boundaryF1(truth.data, predicted, shape);
  const hasBoundary = classBoundaryF1.some((value) => value !== null);
  const scribbledPx = Array.from({ length: classes }, () => 0);
  for (const id of scribbles.data) if (id > 0) scribbledPx[id - 1]! += 1;
  return {
    name,
    height,
    width,
    labels,
    scribbledPx,
    meanIou: rounded(meanOf(classIou)),
    classIou: classIou.map((iou) => (iou === null ? null : rounded(iou))),
    // An image of one class has no boundary to find, and none was found.
    boundaryF1: hasBoundary ? rounded(meanOf(classBoundaryF1)) : 1,
    classBoundaryF1: classBoundaryF1.map((f1) => (f1 === null ? null : rounded(f1))),
  };
}

/** Six decimals: the tables are made from the same numbers that are kept. */
export function rounded(value: number): number {
  return Number(value.toFixed(6));
}
