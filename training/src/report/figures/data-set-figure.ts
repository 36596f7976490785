import type { SegmentationResult } from 'alibi-zarr-schemas';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { dotChart } from '../svg/dot-chart.ts';
import { legend } from '../svg/legend.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';

type Segmentation = NamedResult<SegmentationResult>;

const SCORES = [
  { name: 'mean IoU', of: ({ miou }: SegmentationResult) => miou },
  { name: 'mean of batches', of: ({ batchMiou }: SegmentationResult) => batchMiou },
  { name: 'pixel accuracy', of: ({ accuracy }: SegmentationResult) => accuracy },
] as const;

/** Whether the semantics were kept: a linear head on frozen tokens of VOC or ADE20K. */
export function dataSetFigure({ results, checkpoints }: DrawContext): ReportFigure {
  const groups = groupsOf(results, 'alibi-train/segmentation/1');
  return {
    id: 'data-sets',
    name: 'Data sets',
    title: 'Segmentation of photographs by a linear head on frozen tokens',
    reading:
      'A linear head is trained on the training images of a data set and measured on its validation images. Mean IoU is counted over all validation pixels; mean of batches is the mean IoU of each 64 images, as the reference computes it.',
    run: `alibi-train bench segmentation ${checkpoints} --data DIR --layout voc12 --out segmentation.json`,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: drawGroup(group, `data-sets-${g}`),
      commands: commandsOf(group),
    })),
  };
}

function drawGroup({ results }: ResultGroup<SegmentationResult>, id: string): Markup {
  return html`${legend(results)}${dotChart({
    id,
    title: 'Scores on the validation images',
    description: results
      .map(
        ({ label, result }) =>
          `${label}: ${SCORES.map(({ name, of }) => `${name} ${numberText(of(result), 3)}`).join(', ')}`,
      )
      .join('. '),
    categories: SCORES.map(({ name }) => name),
    x: { label: 'score' },
    y: { label: 'score', within: [0, 1] },
    series: results.map(({ label, slot, result }) => ({
      slot,
      values: SCORES.map(({ name, of }) => ({
        value: of(result),
        text: `${label}, ${name}: ${numberText(of(result))}`,
      })),
    })),
  })}${numbersBelow(scoreNumbers(results), classNumbers(results))}`;
}

function scoreNumbers(results: readonly Segmentation[]): NumberTable {
  return {
    caption: 'Scores on the validation images',
    columns: ['checkpoint', ...SCORES.map(({ name }) => name)],
    rows: results.map(({ label, result }) => [label, ...SCORES.map(({ of }) => of(result))]),
  };
}

function classNumbers(results: readonly Segmentation[]): NumberTable {
  const classes = [...new Set(results.flatMap(({ result }) => result.classes.map(({ name }) => name)))];
  return {
    caption: 'IoU of each class',
    columns: ['class', ...results.map(({ label }) => label)],
    rows: classes.map((name) => [
      name,
      ...results.map(({ result }) => result.classes.find((one) => one.name === name)?.iou ?? null),
    ]),
  };
}
