import type { FingerprintResult } from 'alibi-zarr-schemas';
import { colourBar } from '../maps/colour-bar.ts';
import { heatImage } from '../maps/map-image.ts';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { dotChart } from '../svg/dot-chart.ts';
import { drawing, horizontalAxis, type Plot } from '../svg/frame.ts';
import { legend } from '../svg/legend.ts';
import { place } from '../svg/place.ts';
import { linearScale } from '../svg/scale.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';
import { RAMP_TITLES, RAMPS, type RampName } from './ramp-names.ts';

type Fingerprint = NamedResult<FingerprintResult>;

/** The paper's own range of colours. */
const RANGE = [0, 0.5] as const;
/** Units of the drawing along a layer. */
const LAYER = 10;
const WIDTH = 1040;

/** The paper's figure 3: in which channels of which layers a place is written. */
export function fingerprintFigure({ results, checkpoints }: DrawContext): ReportFigure {
  const groups = groupsOf(results, 'alibi-train/fingerprint/1');
  return {
    id: 'figure-3',
    name: 'Figure 3',
    title: 'Positional fingerprint: which channels of which layers say where a token lies',
    reading:
      'Each row is a layer (the number of a block, then the final tokens), each column a channel, its colour the R² of a probe on that channel alone. Below: the R² of all channels together, layer by layer.',
    run: `alibi-train bench fingerprint ${checkpoints} IMAGE.png... --out fingerprint.json   (of checkpoints converted with --layers)`,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: drawGroup(group, `figure-3-${g}`),
      commands: commandsOf(group),
    })),
  };
}

function drawGroup({ results }: ResultGroup<FingerprintResult>, id: string): Markup {
  const ramps = RAMPS.filter((ramp) => results.some(({ result }) => rampOf(result, ramp) !== undefined));
  const [main, ...others] = ramps;
  if (main === undefined) return html`<p class="missing">The results hold no ramp.</p>`;
  const strips = (ramp: RampName): Markup =>
    html`<h4>${RAMP_TITLES[ramp]} ramp</h4>${results.map((named, i) => strip(named, ramp, `${id}-${ramp}-${i}`))}`;
  return html`${strips(main)}${colourBar(`${id}-bar`, { label: 'R² of a channel', range: RANGE, decimals: 1 })}${
    others.length === 0
      ? null
      : html`<details><summary>The other ramps</summary>${others.map(strips)}</details>`
  }${legend(results)}<div class="row">${ramps.map((ramp) => layerChart(results, ramp, `${id}-layers-${ramp}`))}</div>${numbersBelow(
    ...ramps.map((ramp) => layerNumbers(results, ramp)),
  )}`;
}

function strip({ label, result }: Fingerprint, ramp: RampName, id: string): Markup | null {
  const found = rampOf(result, ramp);
  if (found === undefined) return null;
  const { layers, dim } = result;
  const plot: Plot = { left: 150, right: WIDTH - 12, top: 6, bottom: 6 + layers.length * LAYER };
  const x = linearScale([0, dim], [plot.left, plot.right], 8);
  const image = heatImage(found.perChannel, RANGE);
  const best = found.highest.reduce((at, value, i) => (value > (found.highest[at] ?? value) ? i : at), 0);
  const names = layers.map(
    (layer, i) =>
      html`<text class="tick layer" text-anchor="end" x="${place(plot.left - 4)}" y="${place(plot.top + (i + 0.5) * LAYER)}" dy="0.35em">${layerName(layer)}</text>`,
  );
  return drawing(
    {
      id,
      title: `${label}: R² of each channel in each layer, ${ramp} ramp`,
      description: `${layers.length} layers of ${dim} channels. Highest: ${numberText(found.highest[best] ?? 0, 2)} in ${layers[best] ?? '–'}.`,
    },
    { width: WIDTH, height: plot.bottom + 36 },
    html`<text class="name" text-anchor="start" x="0" y="${place((plot.top + plot.bottom) / 2)}" dy="0.35em">${label}</text>${names}<image class="pixels" href="${image.src}" x="${place(plot.left)}" y="${place(plot.top)}" width="${place(plot.right - plot.left)}" height="${place(plot.bottom - plot.top)}" preserveAspectRatio="none"/>${horizontalAxis(x, plot, { label: 'channel' })}`,
  );
}

function layerChart(results: readonly Fingerprint[], ramp: RampName, id: string): Markup {
  const layers = layersOf(results);
  return dotChart({
    id,
    title: `R² of all channels by layer, ${ramp} ramp`,
    description: results
      .map(
        ({ label, result }) =>
          `${label}: ${(rampOf(result, ramp)?.r2 ?? []).map((r2) => numberText(r2, 2)).join(', ')}`,
      )
      .join('. '),
    width: 430,
    height: 220,
    categories: layers.map(layerName),
    x: { label: `layer (${RAMP_TITLES[ramp]})` },
    y: { label: 'R², all channels', within: [0, 1], floor: -1 },
    joined: true,
    spread: false,
    series: results.map(({ label, slot, result }) => ({
      slot,
      values: layers.map((layer) => {
        const r2 = rampOf(result, ramp)?.r2[result.layers.indexOf(layer)];
        return r2 === undefined
          ? null
          : { value: r2, text: `${label}, ${layerName(layer)}: ${numberText(r2)}` };
      }),
    })),
  });
}

function layerNumbers(results: readonly Fingerprint[], ramp: RampName): NumberTable {
  const layers = layersOf(results);
  return {
    caption: `R² of all channels (highest of one channel), ${RAMP_TITLES[ramp]} ramp`,
    columns: ['checkpoint', ...layers.map(layerName)],
    rows: results.map(({ label, result }) => [
      label,
      ...layers.map((layer) => {
        const [at, found] = [result.layers.indexOf(layer), rampOf(result, ramp)];
        const [r2, highest] = [found?.r2[at], found?.highest[at]];
        return r2 === undefined || highest === undefined
          ? null
          : `${numberText(r2, 3)} (${numberText(highest, 3)})`;
      }),
    ]),
  };
}

function layersOf(results: readonly Fingerprint[]): string[] {
  return [...new Set(results.flatMap(({ result }) => result.layers))];
}

function rampOf(result: FingerprintResult, ramp: RampName): FingerprintResult['ramps'][number] | undefined {
  return result.ramps.find((one) => one.ramp === ramp);
}

/** As the axis says it: `layer.3` is 3, the tokens after the last norm are "final". */
function layerName(layer: string): string {
  return layer === 'features' ? 'final' : layer.replace(/^layer\./, '');
}
