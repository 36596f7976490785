import type { ScribblesResult } from 'alibi-zarr-schemas';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { numberText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { dotChart } from '../svg/dot-chart.ts';
import { legend } from '../svg/legend.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';

type Scribbles = NamedResult<ScribblesResult>;
type Score = 'meanIou' | 'boundaryF1';

/** The paper's figure 9: what the features are worth where a person paints a few strokes. */
export function segmentationFigure({ results, checkpoints }: DrawContext): ReportFigure {
  const groups = groupsOf(results, 'alibi-train/scribbles/1');
  return {
    id: 'figure-9',
    name: 'Figure 9',
    title: 'Segmentation trained on scribbles',
    reading:
      'Each image is segmented by what was learned from its own few strokes and compared with its ground truth. Large marks are means over the images of a folder, small dots single images.',
    run: `alibi-train bench scribbles ${checkpoints} --data FOLDER... --features both --out scribbles.json`,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: drawGroup(group, `figure-9-${g}`),
      commands: commandsOf(group),
    })),
  };
}

function drawGroup({ results }: ResultGroup<ScribblesResult>, id: string): Markup {
  const tolerance = results[0]?.result.tolerancePx ?? 0;
  const skipped = [...new Set(results.flatMap(({ result }) => result.skipped ?? []))];
  return html`${legend(results)}<div class="row">${scoreChart(results, 'meanIou', {
    id: `${id}-iou`,
    title: 'mean IoU',
  })}${scoreChart(results, 'boundaryF1', { id: `${id}-f1`, title: `boundary F1, ${numberText(tolerance)} px` })}</div>${skipped.map((text) => html`<p class="missing">${text}</p>`)}${numbersBelow(
    folderNumbers(results),
    imageNumbers(results),
  )}`;
}

function scoreChart(
  results: readonly Scribbles[],
  score: Score,
  { id, title }: { readonly id: string; readonly title: string },
): Markup {
  const folders = results[0]?.result.folders.map(({ name }) => name) ?? [];
  return dotChart({
    id,
    title,
    description: results
      .map(
        ({ label, result }) =>
          `${label}: ${result.folders.map((folder) => `${folder.name} ${numberText(folder[score], 3)}`).join(', ')}`,
      )
      .join('. '),
    categories: [...folders, 'mean of folders'],
    x: { label: 'folder of images' },
    y: { label: title, within: [0, 1] },
    series: results.map(({ label, slot, result }) => ({
      slot,
      values: [
        ...result.folders.map((folder) => ({
          value: folder[score],
          single: folder.images.map((image) => image[score]),
          text: `${label}, ${folder.name}: ${numberText(folder[score])}`,
        })),
        {
          value: meanOf(result, score),
          text: `${label}, mean of folders: ${numberText(meanOf(result, score))}`,
        },
      ],
    })),
  });
}

function meanOf({ folders }: ScribblesResult, score: Score): number {
  return folders.reduce((sum, folder) => sum + folder[score], 0) / folders.length;
}

function folderNumbers(results: readonly Scribbles[]): NumberTable {
  const folders = results[0]?.result.folders.map(({ name }) => name) ?? [];
  return {
    caption: 'Mean IoU (boundary F1)',
    columns: ['checkpoint', 'features', 'classifier', ...folders, 'mean of folders'],
    rows: results.map(({ label, result }) => [
      label,
      result.features,
      result.classifier,
      ...result.folders.map((folder) => both(folder.meanIou, folder.boundaryF1)),
      both(meanOf(result, 'meanIou'), meanOf(result, 'boundaryF1')),
    ]),
  };
}

function imageNumbers(results: readonly Scribbles[]): NumberTable {
  return {
    caption: 'Image by image: mean IoU, IoU of each class',
    columns: ['image', ...results.map(({ label }) => label)],
    rows: (results[0]?.result.folders ?? []).flatMap((folder, f) =>
      folder.images.map((image, i) => [
        `${folder.name}/${image.name}`,
        ...results.map(({ result }) => {
          const own = result.folders[f]?.images[i];
          if (own === undefined) return null;
          return `${numberText(own.meanIou)}: ${own.classIou.map((iou) => numberText(iou, 2)).join(', ')}`;
        }),
      ]),
    ),
  };
}

function both(iou: number, f1: number): string {
  return `${numberText(iou)} (${numberText(f1)})`;
}
