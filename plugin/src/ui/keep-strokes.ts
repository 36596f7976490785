import { StrokeKeeper } from '../session-stroke-keeper.ts';
import type { Session } from '../session-types.ts';

/** Keep a session's strokes in the browser's storage, at once when the page is hidden: it may not come back. */
export function keepStrokes(session: Session): StrokeKeeper {
  const keeper = new StrokeKeeper(session);
  const { closed: signal } = keeper;
  const hidden = () => {
    if (document.visibilityState === 'hidden') void keeper.flush();
  };
  document.addEventListener('visibilitychange', hidden, { signal });
  window.addEventListener('pagehide', () => void keeper.flush(), { signal });
  return keeper;
}
