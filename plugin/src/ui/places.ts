import type { Suggestion } from '../segment/suggest-places.ts';
import type { Workspace } from './contexts.ts';

/** Side of what is shown of a place, in pixels of the finest level. */
export const placeSizePx = 64;

/** The places to label next, as far as they are known and of the present classifier. */
export function placesOf({ session }: Workspace): readonly Suggestion[] {
  const { status } = session.guidance;
  return 'places' in status ? status.places : [];
}

/** Position in the list of the place that was moved to last; -1 where a later list lacks it. */
export function activePlace(workspace: Workspace): number {
  const { place } = workspace.display.state;
  if (place === null) return -1;
  const { x, y, z, t } = place;
  return placesOf(workspace).findIndex(
    (other) => other.x === x && other.y === y && other.z === z && other.t === t,
  );
}

/** Move to a place of the list. */
export function showPlace(workspace: Workspace, index: number): void {
  const place = placesOf(workspace)[index];
  if (place === undefined) return;
  workspace.display.update({ place });
  workspace.display.lookAt({ ...place, sizePx: placeSizePx });
}

/** Move to the place after or before the one looked at; where nothing is listed yet, begin to look. */
export function stepPlace(workspace: Workspace, by: 1 | -1): void {
  const { guidance } = workspace.session;
  if (guidance.status.kind === 'off') guidance.suggest(true);
  const { length } = placesOf(workspace);
  if (length === 0) return;
  const at = activePlace(workspace);
  showPlace(workspace, at === -1 ? (by === 1 ? 0 : length - 1) : (at + by + length) % length);
}
