import type { Workspace } from './contexts.ts';

/** Mark the slice on show as reviewed, or take the mark back. */
export function toggleReviewed({ session: { review }, display: { state } }: Workspace): void {
  review.set(state, !review.has(state));
}

/** Show the next slice that is not reviewed; nothing happens where all are. */
export function showUnreviewed({ session: { review }, display }: Workspace): void {
  const next = review.next(display.state);
  if (next !== null) display.update(next);
}
