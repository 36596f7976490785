import type { SeamResult } from 'alibi-zarr-schemas';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { dotChart } from '../svg/dot-chart.ts';
import { legend } from '../svg/legend.ts';
import { lineChart } from '../svg/line-chart.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';

type Seam = NamedResult<SeamResult>;
type Window = SeamResult['windows'][number];
type Crop = Window['perCrop'][number];

interface Measure {
  readonly name: string;
  readonly title: string;
  readonly of: (window: Window) => number | null;
  readonly ofCrop?: (crop: Crop) => number | null;
  readonly within: readonly number[];
  readonly percent?: boolean;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'centred',
    title: 'centred consistency',
    of: ({ centredConsistency }) => centredConsistency,
    ofCrop: ({ centredConsistency }) => centredConsistency,
    within: [0, 1],
  },
  {
    name: 'seam',
    title: 'seam ratio',
    of: ({ seamRatio }) => seamRatio,
    ofCrop: ({ seamRatio }) => seamRatio,
    within: [1],
  },
  {
    name: 'labels',
    title: 'label pixels changed',
    of: ({ changedLabels }) => changedLabels,
    ofCrop: ({ changedLabels }) => changedLabels,
    within: [0],
    percent: true,
  },
];

/** How much the windows of a plan show in the features, over windows and overlaps. */
export function seamFigure({ results, checkpoints }: DrawContext): ReportFigure {
  const groups = groupsOf(results, 'alibi-train/seam/1');
  return {
    id: 'windows',
    name: 'Windows',
    title: 'How much the window grid shows',
    reading:
      'Features of an image computed in overlapping windows, against one window over the whole image. Centred consistency: cosine to that window with its mean token taken off, 1 is best. Seam ratio: distance of neighbours across a border of windows over that elsewhere; 1: no seam. Label pixels changed: share of cluster labels that change when the window grid moves by half. Cost: tokens computed over tokens of the image.',
    run: `alibi-train bench seam ${checkpoints} IMAGE.png... --windows "14,14,0 16,16,2 24,24,3 37,37,5" --out seam.json`,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: drawGroup(group, `windows-${g}`),
      commands: commandsOf(group),
    })),
  };
}

function drawGroup({ results }: ResultGroup<SeamResult>, id: string): Markup {
  const plans = plansOf(results);
  const charts = MEASURES.filter(({ of }) =>
    results.some(({ result }) => result.windows.some((w) => of(w) !== null)),
  );
  return html`${legend(results)}<div class="row">${charts.map((measure) => measureChart(results, measure, { id: `${id}-${measure.name}`, plans }))}${costChart(results, `${id}-cost`)}</div>${numbersBelow(
    seamNumbers(results),
  )}`;
}

function measureChart(
  results: readonly Seam[],
  { title, of, ofCrop, within, percent = false }: Measure,
  { id, plans }: { readonly id: string; readonly plans: readonly string[] },
): Markup {
  return dotChart({
    id,
    title,
    description: results
      .map(
        ({ label, result }) =>
          `${label}: ${result.windows.map((w) => `${planText(w)} ${numberText(of(w), 3)}`).join('; ')}`,
      )
      .join('. '),
    width: 430,
    categories: plans,
    x: { label: 'window in tokens, overlap' },
    y: { label: title, within, percent },
    joined: true,
    series: results.map(({ label, slot, result }) => ({
      slot,
      values: plans.map((plan) => {
        const window = result.windows.find((one) => planText(one) === plan);
        const value = window === undefined ? null : of(window);
        if (window === undefined || value === null) return null;
        const single = window.perCrop.flatMap((crop) => ofCrop?.(crop) ?? []);
        return { value, single, text: `${label}, ${plan}: ${numberText(value)}` };
      }),
    })),
  });
}

function costChart(results: readonly Seam[], id: string): Markup {
  const described = ({ result }: Seam): string =>
    result.windows
      .map(
        (w) =>
          `${planText(w)} cost ${numberText(w.cost, 2)} consistency ${numberText(w.centredConsistency, 3)}`,
      )
      .join('; ');
  return lineChart({
    id,
    title: 'Centred consistency for its cost',
    description: results.map((named) => `${named.label}: ${described(named)}`).join('. '),
    width: 430,
    x: { label: 'cost: tokens computed over tokens of the image' },
    y: { label: 'centred consistency', within: [0, 1] },
    series: results.map(({ label, slot, result }) => ({
      slot,
      style: 'dots',
      points: result.windows.map((w) => ({
        x: w.cost,
        y: w.centredConsistency,
        text: `${label}, ${planText(w)}: ${numberText(w.centredConsistency)} at ${numberText(w.cost, 2)}`,
      })),
    })),
  });
}

function seamNumbers(results: readonly Seam[]): NumberTable {
  return {
    caption: 'Every window plan, mean over crops',
    columns: [
      'checkpoint',
      'window',
      'centred consistency',
      'plain consistency',
      'seam ratio',
      'cost',
      'label pixels changed',
      'ms a window',
    ],
    rows: results.flatMap(({ label, result }) =>
      result.windows.map((w) => [
        label,
        planText(w),
        w.centredConsistency,
        w.plainConsistency,
        w.seamRatio,
        w.cost,
        w.changedLabels === null ? null : `${numberText(100 * w.changedLabels, 2)} %`,
        numberText(w.windowMs, 1),
      ]),
    ),
  };
}

/** By size, then by overlap. */
function plansOf(results: readonly Seam[]): string[] {
  const all = results.flatMap(({ result }) => result.windows);
  all.sort((a, b) => a.rows * a.cols - b.rows * b.cols || a.overlap - b.overlap);
  return [...new Set(all.map(planText))];
}

function planText({ rows, cols, overlap }: Window): string {
  return `${rows}×${cols}, ${overlap}`;
}
