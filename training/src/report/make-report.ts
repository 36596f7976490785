import { dataSetFigure } from './figures/data-set-figure.ts';
import type { DrawContext } from './figures/draw-context.ts';
import { fingerprintFigure } from './figures/fingerprint-figure.ts';
import { homogeneityFigures } from './figures/homogeneity-figures.ts';
import { lossFigure } from './figures/loss-figure.ts';
import { probeFigure } from './figures/probe-figure.ts';
import { seamFigure } from './figures/seam-figure.ts';
import { segmentationFigure } from './figures/segmentation-figure.ts';
import { trainingFigure } from './figures/training-figure.ts';
import type { ReportInputs } from './inputs/read-inputs.ts';
import { type MeasuredNumbers, measuredNumbers } from './measured-numbers.ts';
import { nameResults } from './named-results.ts';
import { reportPage } from './page.ts';
import type { ReportFigure } from './report-figure.ts';
import { shownPath } from './shown-path.ts';

export interface Report {
  readonly page: string;
  readonly figures: readonly ReportFigure[];
  readonly numbers: MeasuredNumbers;
  /** Names of the checkpoints as the report has them. */
  readonly models: readonly string[];
}

/** Draws everything there are results for. */
export function makeReport(
  inputs: ReportInputs,
  { title, command }: { readonly title: string; readonly command: string },
): Report {
  const results = nameResults(inputs.results);
  const manifests = inputs.manifests.map(({ file }) => shownPath(file));
  const context: DrawContext = {
    results,
    checkpoints: manifests.length > 0 ? manifests.join(' ') : 'teacher/manifest.json student/manifest.json',
  };
  const figures = [
    probeFigure(context),
    fingerprintFigure(context),
    ...homogeneityFigures(context),
    segmentationFigure(context),
    dataSetFigure(context),
    seamFigure(context),
    lossFigure(context),
    trainingFigure(inputs.logs),
  ];
  const numbers = measuredNumbers(results);
  const { files } = inputs;
  const page = reportPage({ title, figures, results, numbers, manifests: inputs.manifests, files, command });
  return { page, figures, numbers, models: [...new Set(results.map(({ label }) => label))] };
}
