import type { PlaneRegion } from './plane.ts';

/** What is on screen, in pixels of one level. */
export interface View {
  readonly visible: PlaneRegion;
  /** Where the person looks; absent means the middle of `visible`. */
  readonly centre?: { readonly y: number; readonly x: number };
}

/** Anything in a lower tier goes before anything in a higher one. */
const TIERS = { visible: 0, around: 1, prefetch: 2 } as const;

/**
 * How urgent the rectangle `box` is under `view`: visible first, then what surrounds it, then what is only
 * fetched ahead; nearest to the centre first within a tier. Smaller is sooner.
 *
 * @returns tier + distance in `[0, 1)`; distance is measured in diagonals of the view
 */
export function viewPriority(view: View, box: PlaneRegion, { prefetch = false } = {}): number {
  const { visible } = view;
  const centreY = view.centre?.y ?? (visible.y0 + visible.y1) / 2;
  const centreX = view.centre?.x ?? (visible.x0 + visible.x1) / 2;
  const distance = Math.hypot((box.y0 + box.y1) / 2 - centreY, (box.x0 + box.x1) / 2 - centreX);
  const diagonal = Math.max(1, Math.hypot(visible.y1 - visible.y0, visible.x1 - visible.x0));
  const overlaps = box.y0 < visible.y1 && box.y1 > visible.y0 && box.x0 < visible.x1 && box.x1 > visible.x0;
  const tier = prefetch ? TIERS.prefetch : overlaps ? TIERS.visible : TIERS.around;
  return tier + distance / (distance + diagonal);
}
