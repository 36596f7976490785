import { html, nothing } from 'lit';
import { axisIndex } from '../array/lazy-array.ts';
import { isAbort } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { Workspace } from './contexts.ts';
import { formatSize } from './scale-bar.ts';
import { duration } from './words.ts';

/** On which level clusters and classes are computed, with what each costs; nothing where there is no choice. */
export function detailSelect(workspace: Workspace) {
  const { session, display } = workspace;
  const { image, encoder, windowsPerLevel } = session;
  if (encoder.kind !== 'ready' || windowsPerLevel.length < 2) return nothing;
  const { detail } = display.state;
  return html`<label class="detail small">
    <span>Detail</span>
    <select
      id="detail"
      title="The pixels that clusters and classes are computed on: smaller show more and take longer. Automatic: about a minute at most"
      .value=${detail === null ? 'auto' : String(detail)}
      @change=${(event: Event) => event.target instanceof HTMLSelectElement && choose(workspace, event.target.value)}
    >
      <option value="auto" ?selected=${detail === null}>Automatic</option>
      ${windowsPerLevel.map(
        (windows, level) =>
          html`<option value=${String(level)} ?selected=${level === detail}>${levelText(image, level)} · ${taking(windows * encoder.windowMs)}</option>`,
      )}
    </select>
  </label>`;
}

function choose({ session, display }: Workspace, value: string): void {
  const level = value === 'auto' ? value : Number(value);
  display.update({ detail: level === 'auto' ? null : level });
  session.train({ level }).catch((error: unknown) => {
    // The session has announced every other failure as an `error` event.
    if (!isAbort(error)) display.update({});
  });
}

/** `12.5 nm a pixel`, or `1/4 of full size` where nobody gave a unit. */
function levelText(image: OmeImage, level: number): string {
  const axis = axisIndex(image.axes, 'x');
  const scale = image.levels[level]?.transform.scale[axis] ?? 1;
  const unit = image.axes[axis]?.unit;
  if (unit !== undefined) return `${formatSize(scale, unit)} a pixel`;
  const sizes = [level, 0].map((index) => image.levels[index]?.shape[axis] ?? 1);
  return `${sizes[0]} of ${sizes[1]} pixels`;
}

/** Time for one slice. */
function taking(ms: number): string {
  return ms < 1000 ? 'a moment' : `about ${duration(ms)}`;
}
