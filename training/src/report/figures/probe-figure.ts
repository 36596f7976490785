import type { ProbeResult } from 'alibi-zarr-schemas';
import { colourBar } from '../maps/colour-bar.ts';
import { heatImage } from '../maps/map-image.ts';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { dotChart } from '../svg/dot-chart.ts';
import { legend } from '../svg/legend.ts';
import { lineChart } from '../svg/line-chart.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';
import { RAMP_TITLES, RAMPS, type RampName } from './ramp-names.ts';

type Probe = NamedResult<ProbeResult>;

/** R² below it says no more than "nothing"; it would flatten what is above. */
const FLOOR = -1;
/** Channels named in the charts: the highest few, where they say something. */
const NAMED = { count: 3, least: 0.2 };

/** The paper's figure 2: how well a place is read from a token. */
export function probeFigure({ results, checkpoints }: DrawContext): ReportFigure {
  const groups = groupsOf(results, 'alibi-train/probe/1');
  return {
    id: 'figure-2',
    name: 'Figure 2',
    title: 'Linear probe: how well a place is read from a token',
    reading:
      'Ridge regression predicts ramps over the image from tokens of images that look the same everywhere. R² of 1: a token says where it lies; 0 or less: it does not. Reference protocol: trained on few tokens of an image, R² over all tokens of that image. Held out: trained on the other images, R² on one never seen.',
    run: `alibi-train probe ${checkpoints} IMAGE.png... --out probe.json`,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: drawGroup(group, `figure-2-${g}`),
      commands: commandsOf(group),
    })),
  };
}

function drawGroup({ results }: ResultGroup<ProbeResult>, id: string): Markup {
  return html`${legend(results)}<div class="row">${rampChart(results, { id: `${id}-reference`, of: 'reference' })}${
    results.some(({ result }) => result.heldOut !== null)
      ? rampChart(results, { id: `${id}-held-out`, of: 'heldOut' })
      : html`<p class="missing">Not on held-out images: that takes three images or more.</p>`
  }</div>${channelTable(results, id)}${numbersBelow(rampNumbers(results), channelNumbers(results))}`;
}

function rampChart(
  results: readonly Probe[],
  { id, of }: { readonly id: string; readonly of: 'reference' | 'heldOut' },
): Markup {
  const title = of === 'reference' ? 'R², reference protocol' : 'R² on held-out images';
  return dotChart({
    id,
    title,
    description: `${title} of ${RAMPS.length} ramps. ${results.map(({ label, result }) => `${label}: ${RAMPS.map((ramp) => `${RAMP_TITLES[ramp]} ${numberText(rampValue(result, of, ramp)?.r2 ?? null, 2)}`).join(', ')}`).join('. ')}.`,
    categories: RAMPS.map((ramp) => RAMP_TITLES[ramp]),
    x: { label: 'ramp' },
    y: { label: title, within: [0, 1], floor: FLOOR },
    series: results.map(({ label, slot, result }) => ({
      slot,
      values: RAMPS.map((ramp) => {
        const value = rampValue(result, of, ramp);
        if (value === undefined) return null;
        const { r2, perImage, deviation } = value;
        const text = `${label}, ${RAMP_TITLES[ramp]}: ${numberText(r2)}`;
        return { value: r2, single: perImage, text, ...(deviation === undefined ? {} : { deviation }) };
      }),
    })),
  });
}

interface RampValue {
  readonly r2: number;
  readonly perImage: readonly number[];
  readonly deviation?: number;
}

function rampValue(result: ProbeResult, of: 'reference' | 'heldOut', ramp: RampName): RampValue | undefined {
  const ramps: readonly (RampValue & { readonly ramp: RampName })[] = result[of]?.ramps ?? [];
  return ramps.find((one) => one.ramp === ramp);
}

/** For each ramp: what is to be predicted, R² of each channel alone, what is predicted. */
function channelTable(results: readonly Probe[], id: string): Markup {
  const rows = RAMPS.map((ramp) => {
    const own = results.flatMap((named) => {
      const found = named.result.reference.ramps.find((one) => one.ramp === ramp);
      return found === undefined ? [] : [{ ...named, ramp: found }];
    });
    const [first] = own;
    if (first === undefined) return null;
    const { target } = first.ramp;
    const range = [target.low, target.high] as const;
    const image = (map: typeof target, alt: string): Markup => {
      const { src, width, height } = heatImage(map, range);
      return html`<td><span class="map"><img src="${src}" width="${width}" height="${height}" alt="${alt}"></span></td>`;
    };
    return html`<tr><th scope="row">${RAMP_TITLES[ramp]}</th>${image(target, `The ${ramp} ramp`)}<td class="wide">${channelChart(own, `${id}-${ramp}`, ramp)}</td>${own.map(({ label, ramp: { predicted, r2 } }) => image(predicted, `The ${ramp} ramp predicted from ${label}, R² ${numberText(r2, 2)}`))}</tr>`;
  });
  return html`<div class="scroll"><table class="maps probes"><caption>What each channel says alone, and what all say together (reference protocol, mean over images)</caption><thead><tr><td></td><th scope="col">ramp</th><th scope="col">R² of each channel alone</th>${results.map(({ label }) => html`<th scope="col">predicted, ${label}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>${colourBar(`${id}-bar`, { label: 'ramp', range: [0, 1], decimals: 0 })}`;
}

type OwnRamp = Probe & { readonly ramp: ProbeResult['reference']['ramps'][number] };

function channelChart(own: readonly OwnRamp[], id: string, ramp: RampName): Markup {
  const highest = own
    .flatMap(({ ramp: { perChannel } }) => perChannel.map((y, x) => ({ x, y })))
    .filter(({ y }) => y >= NAMED.least)
    .sort((a, b) => b.y - a.y)
    .slice(0, NAMED.count);
  return lineChart({
    id: `${id}-channels`,
    title: `R² of each channel, ${ramp} ramp`,
    description: own
      .map(({ label, ramp: { perChannel } }) => {
        const best = perChannel.reduce((at, value, c) => (value > (perChannel[at] ?? value) ? c : at), 0);
        return `${label}: highest ${numberText(perChannel[best] ?? 0, 2)}, channel ${best}`;
      })
      .join('; '),
    width: 470,
    height: 150,
    x: { label: 'channel' },
    y: { label: 'R²', within: [0, 0.5] },
    // The first checkpoint, mostly the original with the highest peaks, is drawn last, on top.
    series: own
      .map(({ slot, ramp: { perChannel } }) => ({
        slot,
        style: 'plain' as const,
        points: perChannel.map((y, x) => ({ x, y })),
      }))
      .reverse(),
    notes: highest.map(({ x, y }) => ({ x, y, text: String(x) })),
  });
}

function rampNumbers(results: readonly Probe[]): NumberTable {
  return {
    caption: 'R² of ramps: reference protocol (± over images), and held-out images',
    columns: ['checkpoint', ...RAMPS.map((ramp) => ramp), ...RAMPS.map((ramp) => `${ramp}, held out`)],
    rows: results.map(({ label, result }) => [
      label,
      ...RAMPS.map((ramp) => {
        const value = rampValue(result, 'reference', ramp);
        return value === undefined ? null : `${numberText(value.r2)} ± ${numberText(value.deviation ?? 0)}`;
      }),
      ...RAMPS.map((ramp) => rampValue(result, 'heldOut', ramp)?.r2 ?? null),
    ]),
  };
}

function channelNumbers(results: readonly Probe[]): NumberTable {
  return {
    caption: 'The most positional channels (mean squared correlation with the ramps)',
    columns: ['checkpoint', 'channel: score'],
    rows: results.map(({ label, result }) => [
      label,
      result.positionalChannels.map(({ channel, score }) => `${channel}: ${numberText(score, 3)}`).join(', '),
    ]),
  };
}
