import type { Camera } from '../views/deck/scene.ts';
import type { Extent } from './camera.ts';
import type { Workspace } from './contexts.ts';
import { objectBox, shownTable } from './object-view.ts';
import { activePlace, placeSizePx, placesOf } from './places.ts';

/** A frame over the picture, in pixels of the finest level. */
export interface Mark {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly text: string;
  readonly isActive: boolean;
}

/** What is framed in the slice on show: places to label next, places that were pointed at, and the selected object. */
export function marksOf(workspace: Workspace): readonly Mark[] {
  return [...placeMarks(workspace), ...promptMarks(workspace), ...objectMarks(workspace)];
}

function promptMarks({ session, display }: Workspace): readonly Mark[] {
  const { z, t } = display.state;
  return session.similarity.prompts
    .filter((prompt) => prompt.z === z && prompt.t === t)
    .map(({ x, y, isLike }) => ({
      ...{ x0: x, y0: y, x1: x, y1: y },
      text: isLike ? '+' : '−',
      isActive: isLike,
    }));
}

function objectMarks(workspace: Workspace): readonly Mark[] {
  const { z, t, objects } = workspace.display.state;
  const shown = shownTable(workspace);
  if (shown === null || objects.row === null || objects.row >= shown.table.rows) return [];
  const { x0, y0, x1, y1, ...box } = objectBox(workspace, shown, objects.row);
  if (box.t !== t || z + 1 <= box.z0 || z >= box.z1) return [];
  return [{ x0, y0, x1, y1, text: String(shown.table.idAt(objects.row)), isActive: true }];
}

function placeMarks(workspace: Workspace): readonly Mark[] {
  const { z, t } = workspace.display.state;
  const active = activePlace(workspace);
  const half = placeSizePx / 2;
  return placesOf(workspace).flatMap((place, index) => {
    if (place.z !== z || place.t !== t) return [];
    const { x, y } = place;
    const box = { x0: x - half, y0: y - half, x1: x + half, y1: y + half };
    return [{ ...box, text: String(index + 1), isActive: index === active }];
  });
}

export interface MarksView {
  readonly camera: Camera;
  /** Sides of a pixel in the plane that is drawn. */
  readonly stretch: { readonly x: number; readonly y: number };
  readonly marks: readonly Mark[];
}

/** Frames are not drawn smaller than this, so that they can be seen from afar. */
const leastSidePx = 10;

/** Draw frames on top of the strokes; `context` is scaled to CSS pixels by the caller. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  screen: Extent,
  { camera, stretch, marks }: MarksView,
): void {
  const scale = 2 ** camera.zoom;
  const toScreenX = (x: number) => (x * stretch.x - camera.x) * scale + screen.widthPx / 2;
  const toScreenY = (y: number) => (y * stretch.y - camera.y) * scale + screen.heightPx / 2;
  context.font = '600 11px system-ui, sans-serif';
  context.textBaseline = 'bottom';
  context.setLineDash([]);
  for (const mark of marks) {
    const width = Math.max(leastSidePx, toScreenX(mark.x1) - toScreenX(mark.x0));
    const height = Math.max(leastSidePx, toScreenY(mark.y1) - toScreenY(mark.y0));
    const left = (toScreenX(mark.x0) + toScreenX(mark.x1) - width) / 2;
    const top = (toScreenY(mark.y0) + toScreenY(mark.y1) - height) / 2;
    for (const [color, lineWidth] of [
      ['rgb(0 0 0 / 65%)', mark.isActive ? 5 : 3],
      [mark.isActive ? '#ffd75e' : '#ffffff', mark.isActive ? 2.5 : 1.25],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = lineWidth;
      context.beginPath();
      context.roundRect(left, top, width, height, 3);
      context.stroke();
    }
    context.lineWidth = 3;
    context.strokeStyle = 'rgb(0 0 0 / 75%)';
    context.strokeText(mark.text, left, top - 2);
    context.fillStyle = mark.isActive ? '#ffd75e' : '#ffffff';
    context.fillText(mark.text, left, top - 2);
  }
}
