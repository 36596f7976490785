import { isAbort } from '../errors.ts';
import { hashedColor } from '../views/deck/id-colors.ts';
import type { Workspace } from './contexts.ts';

/** Radius of the line that splits an object, in screen pixels. */
const linePx = 1.5;

/** How the brush looks while labels are edited; null while they are not. */
export function editBrush(workspace: Workspace): {
  /** `#rrggbb` */
  readonly color: string;
  /** In pixels of the finest level. */
  readonly radiusPx: number;
} | null {
  const { session, display } = workspace;
  if (session.editing.current === null) return null;
  const { edit, brushRadiusPx } = display.state;
  const isBrush = edit.tool === 'brush' || edit.tool === 'erase';
  const color = edit.tool === 'brush' && edit.id !== null ? idColor(workspace, edit.id) : '#ffffff';
  return { color, radiusPx: isBrush ? brushRadiusPx : linePx };
}

/** Colour of an id of the labels that are edited, as they are drawn. */
export function idColor({ session }: Workspace, id: number): string {
  const layer = session.layers.find((candidate) => candidate.id === session.editing.current?.layerId);
  const own = layer !== undefined && layer.colors.size > 1 ? layer.colors.get(id) : undefined;
  return `#${(own ?? hashedColor(id)).map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Make an id that nothing has the one to paint with. */
export function takeNewId({ session, display }: Workspace): void {
  const id = session.editing.current?.newId();
  if (id !== undefined) display.update({ edit: { tool: 'brush', id } });
}

/**
 * Do what the tool does with what was drawn; a failure is announced by the session.
 *
 * @param points  x0, y0, x1, y1, … in pixels of the finest level; tools that click take the first
 */
export async function applyEdit(workspace: Workspace, points: readonly number[]): Promise<void> {
  const { session, display } = workspace;
  const { current } = session.editing;
  const [x, y] = points;
  if (current === null || x === undefined || y === undefined) return;
  const { edit, z, t, brushRadiusPx } = display.state;
  const place = { x, y, z, t };
  const line = { points, z, t };
  const pick = async (): Promise<number> => {
    const id = await current.idAt(place);
    display.update({ edit: { ...display.state.edit, id } });
    return id;
  };
  /** What is painted with: where nothing was chosen, an id of its own. */
  const ownId = (): number => {
    if (edit.id !== null && edit.id !== 0) return edit.id;
    const id = current.newId();
    display.update({ edit: { ...edit, id } });
    return id;
  };
  try {
    switch (edit.tool) {
      case 'brush':
        return await current.brush({ ...line, radiusPx: brushRadiusPx }, ownId());
      case 'erase':
        return await current.brush({ ...line, radiusPx: brushRadiusPx }, 0);
      case 'fill':
        return await current.fill(place, ownId());
      case 'pick':
        await pick();
        return;
      case 'merge': {
        // The first one that is clicked is kept.
        if (edit.id === null || edit.id === 0) await pick();
        else await current.merge(await current.idAt(place), edit.id);
        return;
      }
      case 'split':
        await current.split(line);
        return;
      case 'delete':
        return await current.remove(await current.idAt(place));
      case 'pan':
        return;
    }
  } catch (error) {
    if (!isAbort(error)) display.update({});
  }
}
