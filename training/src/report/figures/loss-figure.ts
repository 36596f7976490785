import type { LossResult } from 'alibi-zarr-schemas';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { dotChart } from '../svg/dot-chart.ts';
import { legend } from '../svg/legend.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';

type Loss = NamedResult<LossResult>;

/** How far students are from their original, over the size of what they see. */
export function lossFigure({ results, checkpoints }: DrawContext): ReportFigure {
  const groups = groupsOf(results, 'alibi-train/loss/1');
  return {
    id: 'loss',
    name: 'Distance',
    title: 'How far a student is from its original',
    reading:
      '1 − cosine between a token of the student and that of the original at the same place of the same crop, over the channels that finetuning keeps, on images the student did not learn from. 0: the same direction. The faint dots are single images.',
    run: `alibi-train bench loss ${checkpoints} --teacher model.safetensors --data held-out.json --out loss.json`,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: drawGroup(group, `loss-${g}`),
      commands: commandsOf(group),
    })),
  };
}

function drawGroup({ results }: ResultGroup<LossResult>, id: string): Markup {
  return html`${legend(results)}${lossChart(results, id)}${numbersBelow(lossNumbers(results))}`;
}

function lossChart(results: readonly Loss[], id: string): Markup {
  const grids = gridsOf(results);
  const told = ({ tokens, loss }: LossResult['grids'][number]): string =>
    `${tokens}×${tokens} ${numberText(loss, 3)}`;
  return dotChart({
    id,
    title: 'loss to the original',
    description: results
      .map(({ label, result }) => `${label}: ${result.grids.map(told).join('; ')}`)
      .join('. '),
    categories: grids.map((tokens) => `${tokens}×${tokens}`),
    x: { label: 'tokens of a crop' },
    y: { label: '1 − cosine', within: [0] },
    joined: true,
    series: results.map(({ label, slot, result }) => ({
      slot,
      values: grids.map((tokens) => {
        const grid = result.grids.find((one) => one.tokens === tokens);
        if (grid === undefined) return null;
        return {
          value: grid.loss,
          single: grid.perImage.map(({ loss }) => loss),
          text: `${label}, ${tokens}×${tokens}: ${numberText(grid.loss)}`,
        };
      }),
    })),
  });
}

function lossNumbers(results: readonly Loss[]): NumberTable {
  return {
    caption: 'Every grid, mean over images',
    columns: ['checkpoint', 'tokens', 'loss', 'lowest of an image', 'highest of an image'],
    rows: results.flatMap(({ label, result }) =>
      result.grids.map(({ tokens, loss, perImage }) => {
        const single = perImage.map((image) => image.loss);
        return [label, `${tokens}×${tokens}`, loss, Math.min(...single), Math.max(...single)];
      }),
    ),
  };
}

function gridsOf(results: readonly Loss[]): number[] {
  const all = results.flatMap(({ result }) => result.grids.map(({ tokens }) => tokens));
  return [...new Set(all)].sort((a, b) => a - b);
}
