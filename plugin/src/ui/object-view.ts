import { axisIndex, type LazyArray } from '../array/lazy-array.ts';
import type { MemoryTable } from '../segment/tables/memory-table.ts';
import { pixelRatio } from '../session-objects.ts';
import type { Layer } from '../session-types.ts';
import type { Workspace } from './contexts.ts';
import { sizeAlong } from './display.ts';

/** A table of objects on show, with the layer it is of. */
export interface ShownTable {
  readonly layer: Layer;
  readonly table: MemoryTable;
}

/** The table that was asked for last, as long as its layer is there and it is current. */
export function shownTable({ session, display }: Workspace): ShownTable | null {
  const layer = session.layers.find(({ id }) => id === display.state.objects.layerId);
  const table = layer === undefined ? null : session.objects.tableOf(layer);
  return layer === undefined || table === null ? null : { layer, table };
}

/** The box of an object, half-open, in pixels of the finest level, with the slice its middle lies in. */
export interface ObjectBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** Half-open slices. */
  readonly z0: number;
  readonly z1: number;
  readonly t: number;
}

/** Where the object of a row lies. */
export function objectBox({ session }: Workspace, { layer, table }: ShownTable, row: number): ObjectBox {
  const finest = session.image.pixels[0]!;
  const labels = layer.levels[0]!.pixels;
  const value = (name: string): number | null => {
    const column = table.column(name);
    return column === -1 ? null : table.valueAt(row, column);
  };
  const edge = (name: string, axis: string) => (value(name) ?? 0) * pixelRatio(finest, labels, axis);
  const slice = value('z');
  const toSlice = pixelRatio(finest, labels, 'z');
  return {
    x0: edge('bbox_x0', 'x'),
    y0: edge('bbox_y0', 'y'),
    x1: edge('bbox_x1', 'x'),
    y1: edge('bbox_y1', 'y'),
    z0: slice === null ? edge('bbox_z0', 'z') : slice * toSlice,
    z1: slice === null ? Math.max(1, edge('bbox_z1', 'z')) : (slice + 1) * toSlice,
    t: value('t') ?? 0,
  };
}

/** Make a row the selected one and, where asked, move the view to its object. */
export function selectObject(workspace: Workspace, row: number | null, move: boolean): void {
  const { display, session } = workspace;
  display.update({ objects: { ...display.state.objects, row } });
  const shown = shownTable(workspace);
  if (row === null || shown === null || !move) return;
  const box = objectBox(workspace, shown, row);
  const { z } = display.state;
  const middle = Math.floor((box.z0 + box.z1 - 1) / 2);
  display.lookAt({
    x: (box.x0 + box.x1) / 2,
    y: (box.y0 + box.y1) / 2,
    // A slice that shows some of it is as good as its middle one.
    z: z >= box.z0 && z < box.z1 ? z : Math.min(sizeAlong(session.image, 'z') - 1, Math.max(0, middle)),
    t: box.t,
    sizePx: Math.max(box.x1 - box.x0, box.y1 - box.y0),
  });
}

/** The row of what lies under the pointer. @param ids  layer id → label id */
export function rowUnder(workspace: Workspace, ids: ReadonlyMap<string, number | bigint>): number | null {
  const shown = shownTable(workspace);
  const id = shown === null ? undefined : ids.get(shown.layer.id);
  if (shown === null || id === undefined || Number(id) === 0) return null;
  const row = shown.table.rowOf(id, sliceOfLabels(workspace, shown.layer.levels[0]!.pixels));
  return row === -1 ? null : row;
}

/** The slice on show as the labels count them. */
export function sliceOfLabels(
  { session, display }: Workspace,
  labels: LazyArray,
): { readonly t: number; readonly z: number } {
  const { z, t } = display.state;
  const ratio = pixelRatio(session.image.pixels[0]!, labels, 'z');
  const depth = labels.shape[axisIndex(labels.axes, 'z')] ?? 1;
  return { t, z: Math.min(depth - 1, Math.floor((z + 0.5) / ratio)) };
}
