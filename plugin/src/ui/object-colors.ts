import type { MemoryTable } from '../segment/tables/memory-table.ts';
import type { Layer } from '../session-types.ts';
import type { Workspace } from './contexts.ts';
import { shownTable, sliceOfLabels } from './object-view.ts';

/**
 * Dark violet to yellow, in steps that look equal to any eye. Source: viridis, by S. van der Walt and N. Smith (CC0), every
 * sixteenth of its colours.
 */
const ramp: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [72, 26, 108],
  [71, 47, 125],
  [65, 68, 135],
  [57, 86, 140],
  [49, 104, 142],
  [42, 120, 142],
  [35, 136, 142],
  [31, 152, 139],
  [34, 168, 132],
  [53, 183, 121],
  [84, 197, 104],
  [122, 209, 81],
  [165, 219, 54],
  [210, 226, 27],
  [253, 231, 37],
];
/** Outliers at each end that share the end's colour. */
const beyond = 0.01;

/** The ramp as a CSS background. */
export const rampCss = `linear-gradient(90deg, ${ramp.map((color) => `rgb(${color.join(' ')})`).join(', ')})`;

interface Colored {
  readonly table: MemoryTable;
  readonly column: number;
  readonly place: string;
  readonly colors: Layer['colors'];
}

/** Colours of objects by a measurement; made anew only where table, column or, if it tells them apart, slice has changed. */
export class ObjectColors {
  #last: Colored | null = null;

  /** The colours of a layer: by the measurement that was chosen, else its own. */
  of(workspace: Workspace, layer: Layer): Layer['colors'] {
    const { colorBy, layerId } = workspace.display.state.objects;
    if (colorBy === null || layerId !== layer.id) return layer.colors;
    const shown = shownTable(workspace);
    const column = shown?.table.column(colorBy) ?? -1;
    if (shown === null || column === -1) return layer.colors;
    const { table } = shown;
    const { t, z } = sliceOfLabels(workspace, layer.levels[0]!.pixels);
    const place = `${table.column('t') === -1 ? '' : t}/${table.column('z') === -1 ? '' : z}`;
    const last = this.#last;
    if (last?.table === table && last.column === column && last.place === place) return last.colors;
    const colors = colorsBy(table, column, { t, z });
    this.#last = { table, column, place, colors };
    return colors;
  }
}

/** What the ends of the ramp stand for; null where a column has no values. */
export function colorRange(table: MemoryTable, column: number): readonly [number, number] | null {
  return table.range(column, beyond);
}

/** Colours of the objects of one time point and slice, where the table tells those apart. */
function colorsBy(
  table: MemoryTable,
  column: number,
  at: { readonly t: number; readonly z: number },
): Layer['colors'] {
  const range = colorRange(table, column);
  const colors = new Map<number, readonly [number, number, number]>();
  if (range === null) return colors;
  const [least, most] = range;
  const places = (['t', 'z'] as const)
    .map((name) => ({ column: table.column(name), wanted: at[name] }))
    .filter(({ column: n }) => n !== -1);
  for (let row = 0; row < table.rows; row++) {
    if (places.some(({ column: n, wanted }) => table.valueAt(row, n) !== wanted)) continue;
    const value = table.valueAt(row, column);
    colors.set(
      Number(table.idAt(row)),
      Number.isNaN(value) ? [128, 128, 128] : rampColor(value, least, most),
    );
  }
  return colors;
}

function rampColor(value: number, least: number, most: number): readonly [number, number, number] {
  const share = most > least ? Math.min(1, Math.max(0, (value - least) / (most - least))) : 0.5;
  return ramp[Math.round(share * (ramp.length - 1))]!;
}
