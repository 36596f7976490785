import { type Content, html, type Markup } from '../markup.ts';
import { fixedText } from '../number-text.ts';
import { place } from './place.ts';
import type { Scale } from './scale.ts';

/** Where the axes of a chart lie, in units of its drawing. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface ChartText {
  /** Unique in the page; the drawing is named by its title and description. */
  readonly id: string;
  readonly title: string;
  /** What is seen, for those who cannot see it. */
  readonly description: string;
}

/** A drawing with a name and a description. */
export function drawing(
  { id, title, description }: ChartText,
  { width, height }: { readonly width: number; readonly height: number },
  content: Content,
): Markup {
  return html`<svg class="chart" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${place(width)} ${place(height)}" width="${place(width)}" height="${place(height)}"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>${content}</svg>`;
}

/** Horizontal grid lines with their values at the left, and the axis' name along it. */
export function verticalAxis(
  scale: Scale,
  plot: Plot,
  o: { readonly label: string; readonly percent?: boolean },
): Markup {
  const middle = (plot.top + plot.bottom) / 2;
  const factor = o.percent === true ? 100 : 1;
  const decimals = o.percent === true ? Math.max(0, scale.decimals - 2) : scale.decimals;
  const sign = o.percent === true ? ' %' : '';
  const lines = scale.ticks.map((tick) => {
    const y = place(scale(tick));
    return html`<line class="${tick === 0 ? 'zero' : 'grid'}" x1="${place(plot.left)}" x2="${place(plot.right)}" y1="${y}" y2="${y}"/><text class="tick" text-anchor="end" x="${place(plot.left - 6)}" y="${y}" dy="0.35em">${tickText(tick * factor, decimals)}${sign}</text>`;
  });
  return html`<g>${lines}<text class="axis" text-anchor="middle" transform="translate(12 ${place(middle)}) rotate(-90)">${o.label}</text></g>`;
}

/** Values below the plot, with ticks. */
export function horizontalAxis(scale: Scale, plot: Plot, o: { readonly label: string }): Markup {
  const ticks = scale.ticks.map((tick) => {
    const x = place(scale(tick));
    return html`<line class="tick" x1="${x}" x2="${x}" y1="${place(plot.bottom)}" y2="${place(plot.bottom + 4)}"/><text class="tick" text-anchor="middle" x="${x}" y="${place(plot.bottom + 16)}">${tickText(tick, scale.decimals)}</text>`;
  });
  return html`<g>${baseline(plot)}${ticks}${horizontalName(plot, o.label, plot.bottom + 32)}</g>`;
}

/** A name longer than this is cut in a drawing; it is whole where the pointer rests, and in the table below. */
export const NAME_LENGTH = 22;

/** Names below the plot, one for each of equally wide parts. */
export function categoryAxis(
  names: readonly string[],
  plot: Plot,
  o: { readonly label: string; readonly at: (index: number) => number },
): Markup {
  const ticks = names.map(
    (name, i) =>
      html`<text class="tick" text-anchor="middle" x="${place(o.at(i))}" y="${place(plot.bottom + 16)}">${shortened(name)}</text>`,
  );
  return html`<g>${baseline(plot)}${ticks}${horizontalName(plot, o.label, plot.bottom + 32)}</g>`;
}

function shortened(name: string): Content {
  const letters = [...name];
  if (letters.length <= NAME_LENGTH) return name;
  return html`<title>${name}</title>${letters.slice(0, NAME_LENGTH - 1).join('')}…`;
}

/** Many decimals would run into the axis' name. */
function tickText(value: number, decimals: number): string {
  if (decimals <= 3 || value === 0) return fixedText(value, value === 0 ? 0 : decimals);
  return String(Number(value.toPrecision(12)).toExponential()).replaceAll('-', '−');
}

function baseline(plot: Plot): Markup {
  const y = place(plot.bottom);
  return html`<line class="base" x1="${place(plot.left)}" x2="${place(plot.right)}" y1="${y}" y2="${y}"/>`;
}

function horizontalName(plot: Plot, label: string, y: number): Markup {
  return html`<text class="axis" text-anchor="middle" x="${place((plot.left + plot.right) / 2)}" y="${place(y)}">${label}</text>`;
}
