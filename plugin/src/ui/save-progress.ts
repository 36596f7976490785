import { html, nothing } from 'lit';
import type { Progress } from '../pipeline/pipeline.ts';
import { byteSize, duration } from './words.ts';

/** How far a save is: a bar, chunks, bytes stored, and what is left or that it is paused. */
export function saveProgress(progress: Progress | null, isPaused: boolean) {
  const share = progress === null || progress.total === 0 ? null : progress.done / progress.total;
  return html`<div class="field" role="status">
    <progress max="1" aria-label="Saving" .value=${share ?? nothing}></progress>
    <span>${progress === null ? 'Starting…' : progressText(progress, isPaused)}</span>
  </div>`;
}

function progressText({ done, total, bytes, etaMs }: Progress, isPaused: boolean): string {
  return [
    `${done} of ${total} chunks`,
    ...(bytes === undefined ? [] : [`${byteSize(bytes)} stored`]),
    ...(isPaused
      ? ['paused']
      : etaMs === undefined || done === total
        ? []
        : [`about ${duration(etaMs)} left`]),
  ].join(' · ');
}
