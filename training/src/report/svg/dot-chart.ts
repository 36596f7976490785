import { html, type Markup } from '../markup.ts';
import { type ChartText, categoryAxis, drawing, NAME_LENGTH, type Plot, verticalAxis } from './frame.ts';
import { marker, slotClass } from './marker.ts';
import { place } from './place.ts';
import { linearScale, niceDomain, type Scale } from './scale.ts';

export interface DotSeries {
  readonly slot: number;
  /** One for each category; null: not measured. */
  readonly values: readonly (DotValue | null)[];
}

export interface DotValue {
  readonly value: number;
  /** Half the length of a whisker. */
  readonly deviation?: number;
  /** Small dots behind, such as single images. */
  readonly single?: readonly number[];
  readonly text: string;
}

export interface DotChart extends ChartText {
  readonly width?: number;
  readonly height?: number;
  readonly categories: readonly string[];
  readonly x: { readonly label: string };
  readonly y: {
    readonly label: string;
    /** Values the axis has in any case. */
    readonly within?: readonly number[];
    /** What lies below is drawn at the foot, with an arrow. */
    readonly floor?: number;
    readonly percent?: boolean;
  };
  readonly series: readonly DotSeries[];
  /** Joins the values of a series. */
  readonly joined?: boolean;
  /** False: the marks of a category above each other instead of side by side. */
  readonly spread?: boolean;
}

/** For each category a mark of each series, side by side. */
export function dotChart(chart: DotChart): Markup {
  const { categories, series } = chart;
  const { width = widthOf(chart), height = 260 } = chart;
  const plot: Plot = { left: 58, right: width - 12, top: 12, bottom: height - 44 };
  const floor = chart.y.floor ?? Number.NEGATIVE_INFINITY;
  const y = linearScale(
    niceDomain(
      valuesOf(series).map((value) => Math.max(floor, value)),
      chart.y.within,
    ),
    [plot.bottom, plot.top],
    Math.max(2, Math.round(height / 55)),
  );
  const band = (plot.right - plot.left) / categories.length;
  const at = (category: number): number => plot.left + (category + 0.5) * band;
  const step = chart.spread === false ? 0 : Math.min(26, (band * 0.8) / series.length);
  const groups = series.map(({ slot, values }, s) => {
    const place = (category: number): number => at(category) + (s - (series.length - 1) / 2) * step;
    const shown = values.flatMap((value, c) => (value === null ? [] : [{ value, x: place(c) }]));
    const line = chart.joined === true ? joinedLine(slot, shown, y) : null;
    return html`<g>${line}${shown.map(({ value, x }) => dot(slot, value, { x, y }))}</g>`;
  });
  return drawing(
    chart,
    { width, height },
    html`${verticalAxis(y, plot, chart.y)}${categoryAxis(categories, plot, { label: chart.x.label, at })}${groups}`,
  );
}

/** Room for the names and the marks of every category, on the page. */
function widthOf({ categories, series }: DotChart): number {
  const letters = Math.max(...categories.map((name) => Math.min(NAME_LENGTH, name.length)));
  const band = Math.max(70, 6.4 * letters + 12, 13 * series.length + 24);
  return Math.round(Math.min(1060, Math.max(300, 76 + categories.length * band)));
}

function valuesOf(series: readonly DotSeries[]): number[] {
  return series.flatMap(({ values }) =>
    values.flatMap((value) => {
      if (value === null) return [];
      const deviation = value.deviation ?? 0;
      return [value.value - deviation, value.value + deviation, ...(value.single ?? [])];
    }),
  );
}

function dot(slot: number, value: DotValue, { x, y }: { readonly x: number; readonly y: Scale }): Markup {
  const [foot] = y.domain;
  const placeOf = (v: number): number => y(Math.max(foot, v));
  const single = (value.single ?? []).map(
    (v) =>
      html`<circle class="single ${slotClass(slot)}" cx="${place(x)}" cy="${place(placeOf(v))}" r="2.2"/>`,
  );
  const deviation = value.deviation ?? 0;
  const whisker =
    deviation > 0
      ? html`<line class="whisker ${slotClass(slot)}" x1="${place(x)}" x2="${place(x)}" y1="${place(placeOf(value.value - deviation))}" y2="${place(placeOf(value.value + deviation))}"/>`
      : null;
  const isBelow = value.value < foot;
  const arrow = isBelow
    ? html`<text class="note" text-anchor="middle" x="${place(x)}" y="${place(y(foot) - 9)}">↓</text>`
    : null;
  return html`${single}${whisker}${marker(slot, { x, y: placeOf(value.value), r: 4.5, text: value.text })}${arrow}`;
}

function joinedLine(
  slot: number,
  shown: readonly { readonly value: DotValue; readonly x: number }[],
  y: Scale,
): Markup {
  const [foot] = y.domain;
  const d = shown
    .map(({ value, x }, i) => `${i === 0 ? 'M' : 'L'}${place(x)} ${place(y(Math.max(foot, value.value)))}`)
    .join('');
  return html`<path class="line ${slotClass(slot)}" d="${d}"/>`;
}
