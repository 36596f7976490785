import type { LogLine } from 'alibi-zarr-schemas';
import type { TrainingLog } from '../inputs/training-log.ts';
import { html, type Markup } from '../markup.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { shownPath } from '../shown-path.ts';
import { legend } from '../svg/legend.ts';
import { type LinePoint, type LineSeries, lineChart } from '../svg/line-chart.ts';
import { RAMP_TITLES, RAMPS, type RampName } from './ramp-names.ts';

interface Run {
  readonly label: string;
  readonly slot: number;
  readonly log: TrainingLog;
}

/** A curve is drawn by this many points at most. */
const POINTS = 400;
/** Steps a smoothed loss is the mean of. */
const SMOOTHED = 25;
/** R² below it says no more than "nothing". */
const PROBE_FLOOR = -1;

/** Loss, learning rate and probe over the steps of finetuning. */
export function trainingFigure(logs: readonly TrainingLog[]): ReportFigure {
  const names = runNames(logs);
  const runs = logs.map((log, slot): Run => ({ log, slot, label: names[slot] ?? '' }));
  return {
    id: 'training',
    name: 'Training',
    title: 'Finetuning: loss, and what is left of position',
    reading: `Loss of each batch (thin) and its mean over ${SMOOTHED} steps (thick), and on pictures kept from training (marks). The probe asks the same pictures where a token lies: R² of 1, it says so; 0 or less, it does not.`,
    run: 'alibi-train finetune --weights model.safetensors --data DIR --position alibi --out DIR, then report … --log DIR/log.jsonl',
    groups:
      runs.length === 0
        ? []
        : [
            {
              settings: logs.map(({ file }) => shownPath(file)).join(', '),
              content: drawRuns(runs),
              commands: [],
            },
          ],
  };
}

function drawRuns(runs: readonly Run[]): Markup {
  const cut = runs.filter(({ log }) => log.isCut);
  return html`${legend(runs)}<div class="row">${lossChart(runs)}${probeCharts(runs)}${stepChart(runs, {
    id: 'training-lr',
    label: 'learning rate',
    of: ({ lr }) => lr,
  })}${stepChart(runs, { id: 'training-norm', label: 'gradient norm', of: ({ gradientNorm }) => gradientNorm })}</div>${cut.map(
    ({ label }) =>
      html`<p class="missing">${label}: the last line was still being written and is left out.</p>`,
  )}${numbersBelow(runNumbers(runs), validationNumbers(runs))}`;
}

function lossChart(runs: readonly Run[]): Markup {
  const series = runs.flatMap(({ slot, log: { lines } }): LineSeries[] => [
    { slot, style: 'faint', points: thinned(lines.map(({ step, loss }) => ({ x: step, y: loss }))) },
    { slot, style: 'plain', points: smoothed(lines) },
    {
      slot,
      style: 'dots',
      points: lines.flatMap(({ step, validation }) =>
        validation === undefined
          ? []
          : [
              {
                x: step,
                y: validation.loss,
                text: `step ${step}, kept from training: ${numberText(validation.loss)}`,
              },
            ],
      ),
    },
  ]);
  return lineChart({
    id: 'training-loss',
    title: 'Loss by step',
    description: runs
      .map(
        (run) =>
          `${run.label}: from ${numberText(run.log.lines[0]?.loss ?? null)} to ${numberText(run.log.lines.at(-1)?.loss ?? null)}`,
      )
      .join('. '),
    x: { label: 'step' },
    y: { label: 'loss to the teacher', within: [0] },
    series,
  });
}

/** Of one run the four ramps together; of several a chart for each ramp, the runs together. */
function probeCharts(runs: readonly Run[]): Markup {
  const hasProbe = runs.some(({ log }) => log.lines.some(({ validation }) => validation !== undefined));
  if (!hasProbe) return html`<p class="missing">No probe curve: the run was not validated.</p>`;
  const [only] = runs;
  if (runs.length > 1 || only === undefined) {
    return html`${RAMPS.map((ramp) => probeChart(runs, ramp, [ramp]))}`;
  }
  return html`<div>${probeChart(runs, 'all', RAMPS)}${legend(RAMPS.map((ramp, r) => ({ slot: r + 1, label: RAMP_TITLES[ramp] })))}</div>`;
}

function probeChart(runs: readonly Run[], name: string, ramps: readonly RampName[]): Markup {
  const series = runs.flatMap(({ label, slot, log }) =>
    ramps.map(
      (ramp, r): LineSeries => ({
        slot: ramps.length > 1 ? r + 1 : slot,
        style: 'both',
        points: validated(log).map(({ step, validation: { probeR2 } }) => ({
          x: step,
          y: Math.max(PROBE_FLOOR, probeR2[ramp]),
          text: `${label}, step ${step}, ${RAMP_TITLES[ramp]}: ${numberText(probeR2[ramp])}`,
        })),
      }),
    ),
  );
  const what = ramps.length > 1 ? '' : `, ${RAMP_TITLES[ramps[0] ?? 'lr']}`;
  return lineChart({
    id: `training-probe-${name}`,
    title: `Probe R² by step${what}, on pictures kept from training; what is below ${numberText(PROBE_FLOOR)} is drawn there`,
    description: runs
      .map(({ label, log }) => {
        const last = validated(log).at(-1)?.validation.probeR2;
        return `${label}, last: ${ramps.map((ramp) => `${RAMP_TITLES[ramp]} ${numberText(last?.[ramp] ?? null, 2)}`).join(', ')}`;
      })
      .join('. '),
    x: { label: 'step' },
    y: { label: `probe R²${what}`, within: [0, 1] },
    series,
  });
}

function validated({
  lines,
}: TrainingLog): { step: number; validation: NonNullable<LogLine['validation']> }[] {
  return lines.flatMap(({ step, validation }) => (validation === undefined ? [] : [{ step, validation }]));
}

function stepChart(
  runs: readonly Run[],
  {
    id,
    label,
    of,
  }: { readonly id: string; readonly label: string; readonly of: (line: LogLine) => number | undefined },
): Markup | null {
  const series = runs.map(
    ({ slot, log }): LineSeries => ({
      slot,
      style: 'plain',
      points: thinned(
        log.lines.flatMap((line) => {
          const y = of(line);
          return y === undefined ? [] : [{ x: line.step, y }];
        }),
      ),
    }),
  );
  if (series.every(({ points }) => points.length === 0)) return null;
  return lineChart({
    id,
    title: `${label} by step`,
    description: `The ${label} of every step.`,
    height: 160,
    x: { label: 'step' },
    y: { label, within: [0] },
    series,
  });
}

/** Of every run of equally many points the lowest and the highest, so that no peak is lost. */
export function thinned(points: readonly LinePoint[]): LinePoint[] {
  if (points.length <= POINTS) return [...points];
  const size = Math.ceil(points.length / (POINTS / 2));
  const kept: LinePoint[] = [];
  for (let from = 0; from < points.length; from += size) {
    const part = points.slice(from, from + size);
    const low = part.reduce((a, b) => (b.y < a.y ? b : a));
    const high = part.reduce((a, b) => (b.y > a.y ? b : a));
    kept.push(...(low === high ? [low] : low.x < high.x ? [low, high] : [high, low]));
  }
  return kept;
}

/** Means of whole runs of {@link SMOOTHED} steps, the last of what is left, each at its middle. */
function smoothed(lines: readonly LogLine[]): LinePoint[] {
  if (lines.length < 2 * SMOOTHED) return [];
  const size = Math.max(SMOOTHED, Math.ceil(lines.length / POINTS));
  const points: LinePoint[] = [];
  for (let from = 0; from < lines.length; from += size) {
    const part = lines.slice(from, from + size);
    const mean = (pick: (line: LogLine) => number): number =>
      part.reduce((sum, line) => sum + pick(line), 0) / part.length;
    points.push({ x: mean(({ step }) => step), y: mean(({ loss }) => loss) });
  }
  return points;
}

function runNumbers(runs: readonly Run[]): NumberTable {
  return {
    caption: 'Runs',
    columns: [
      'run',
      'steps',
      'hours',
      'first loss',
      `mean of the last ${SMOOTHED} losses`,
      'last validation loss',
    ],
    rows: runs.map(({ label, log: { lines } }) => {
      const end = lines.slice(-SMOOTHED);
      const seconds = lines.reduce((sum, line) => sum + (line.seconds ?? 0), 0);
      return [
        label,
        lines.at(-1)?.step ?? 0,
        seconds > 0 ? numberText(seconds / 3600, 2) : null,
        lines[0]?.loss ?? null,
        end.reduce((sum, { loss }) => sum + loss, 0) / end.length,
        lines.findLast(({ validation }) => validation !== undefined)?.validation?.loss ?? null,
      ];
    }),
  };
}

function validationNumbers(runs: readonly Run[]): NumberTable {
  return {
    caption: 'On pictures kept from training',
    columns: ['run, step', 'loss', ...RAMPS.map((ramp) => `R² ${ramp}`), 'most positional channel'],
    rows: runs.flatMap(({ label, log }) =>
      log.lines.flatMap(({ step, validation }) =>
        validation === undefined
          ? []
          : [
              [
                `${label}, ${step}`,
                validation.loss,
                ...RAMPS.map((ramp) => validation.probeR2[ramp]),
                validation.mostPositional ?? null,
              ],
            ],
      ),
    ),
  };
}

/** The folder of a log, with as much before it as tells it from the others. */
function runNames(logs: readonly TrainingLog[]): string[] {
  const parts = logs.map(({ file }) => file.split(/[\\/]/).filter((part) => part !== '' && part !== '.'));
  const name = (path: readonly string[], depth: number): string =>
    path.length < 2 ? (path[0] ?? 'log') : path.slice(Math.max(0, path.length - 1 - depth), -1).join('/');
  return parts.map((path, i) => {
    for (let depth = 1; depth <= path.length; depth++) {
      const own = name(path, depth);
      if (!parts.some((other, j) => j !== i && name(other, depth) === own)) return own;
    }
    return `${name(path, 1)} (${i + 1})`;
  });
}
