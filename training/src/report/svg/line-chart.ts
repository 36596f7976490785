import { html, type Markup } from '../markup.ts';
import { type ChartText, drawing, horizontalAxis, type Plot, verticalAxis } from './frame.ts';
import { dashOf, marker, slotClass } from './marker.ts';
import { place } from './place.ts';
import { linearScale, niceDomain, type Scale } from './scale.ts';

export interface LineSeries {
  /** Colour, dash and shape. */
  readonly slot: number;
  readonly points: readonly LinePoint[];
  /** line: of x in order, dashed as its slot says; plain: thin, without dashes; faint: one behind others; dots: places alone; both: a line with its places. */
  readonly style: 'line' | 'plain' | 'faint' | 'dots' | 'both';
}

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  /** Shown where the pointer rests. */
  readonly text?: string;
}

export interface LineChart extends ChartText {
  readonly width?: number;
  readonly height?: number;
  readonly x: { readonly label: string; readonly domain?: readonly [number, number] };
  readonly y: { readonly label: string; readonly within?: readonly number[]; readonly percent?: boolean };
  readonly series: readonly LineSeries[];
  /** Words at points, such as the numbers of the highest channels. */
  readonly notes?: readonly (LinePoint & { readonly text: string })[];
}

/** Lines and dots over two axes of numbers. */
export function lineChart(chart: LineChart): Markup {
  const { width = 460, height = 260, series } = chart;
  const plot: Plot = { left: 58, right: width - 12, top: 12, bottom: height - 44 };
  const points = series.flatMap((one) => one.points);
  const yDomain = niceDomain(
    points.map(({ y }) => y),
    chart.y.within,
  );
  const xDomain = chart.x.domain ?? spanOf(points.map(({ x }) => x));
  const x = linearScale(xDomain, [plot.left, plot.right], Math.max(2, Math.round(width / 90)));
  const y = linearScale(yDomain, [plot.bottom, plot.top], Math.max(2, Math.round(height / 55)));
  return drawing(
    chart,
    { width, height },
    html`${verticalAxis(y, plot, chart.y)}${horizontalAxis(x, plot, chart.x)}${series.map((one) => drawn(one, x, y))}${(chart.notes ?? []).map((note) => html`<text class="note" text-anchor="middle" x="${place(x(note.x))}" y="${place(y(note.y) - 5)}">${note.text}</text>`)}`,
  );
}

function drawn({ slot, points, style }: LineSeries, x: Scale, y: Scale): Markup {
  const d = points
    .map((point, i) => `${i === 0 ? 'M' : 'L'}${place(x(point.x))} ${place(y(point.y))}`)
    .join('');
  const line =
    style === 'dots' || points.length < 2
      ? null
      : html`<path class="line ${slotClass(slot)}${style === 'faint' || style === 'plain' ? ` ${style}` : ''}" stroke-dasharray="${style === 'faint' || style === 'plain' ? '' : dashOf(slot)}" d="${d}"/>`;
  const hasMarks = style === 'dots' || style === 'both' || points.length === 1;
  const marks = hasMarks
    ? points.map((point) =>
        marker(slot, {
          x: x(point.x),
          y: y(point.y),
          r: 4,
          ...(point.text === undefined ? {} : { text: point.text }),
        }),
      )
    : null;
  return html`<g>${line}${marks}</g>`;
}

function spanOf(values: readonly number[]): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) return [0, 1];
  return high > low ? [low, high] : [low - 1, high + 1];
}
