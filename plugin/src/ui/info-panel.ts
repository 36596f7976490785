import { css, html, LitElement, nothing } from 'lit';
import type { OmeImage } from '../ome/ome-image.ts';
import { WorkspaceController } from './contexts.ts';
import { keyHelp } from './keys.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

/** What the image is: axes, levels, pixel size, type, place. */
export class AlibiZarrInfo extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 12px; margin: 0; font-size: 12px; }
      dt { color: var(--az-muted); }
      dd { margin: 0; overflow-wrap: anywhere; text-align: right; }
      dt.long { grid-column: 1 / -1; margin-top: 3px; }
      dd.long { grid-column: 1 / -1; text-align: left; }
      .keys { margin-top: 8px; font-size: 12px; }
      .keys summary { cursor: pointer; color: var(--az-muted); }
      .keys dt { white-space: nowrap; }
      .keys dd { text-align: left; }
      .name { font-weight: 600; margin-bottom: 6px; overflow-wrap: anywhere; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { image } = workspace.session;
    const finest = image.levels[0];
    if (finest === undefined) return nothing;
    const rows: readonly (readonly [string, string])[] = [
      ['Size', image.axes.map(({ name }, axis) => `${name} ${finest.shape[axis]}`).join(' · ')],
      ['Pixel', pixelSize(image)],
      ['Type', finest.dtype],
      ['Levels', image.levels.map((level) => `${level.shape.at(-1)}`).join(' → ')],
      [
        'Chunks',
        finest.chunks.join(' × ') + (finest.shards ? ` in shards of ${finest.shards.join(' × ')}` : ''),
      ],
      ['Format', `OME-Zarr ${image.version}, Zarr v${image.zarrFormat}`],
    ];
    return html`
      ${sectionHeader('Image')}
      <p class="name">${image.name}</p>
      <dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}
        <dt class="long">Place</dt><dd class="long">${image.location}</dd></dl>
      <details class="keys">
        <summary>Keys</summary>
        <dl>${keyHelp.map(([keys, what]) => html`<dt>${keys}</dt><dd>${what}</dd>`)}</dl>
      </details>
    `;
  }
}

const shortUnits: Readonly<Record<string, string>> = { micrometer: 'µm', nanometer: 'nm', millimeter: 'mm' };

function pixelSize(image: OmeImage): string {
  const { scale } = image.levels[0]?.transform ?? { scale: [] };
  const parts = image.axes.flatMap(({ name, unit }, axis) =>
    ['x', 'y', 'z'].includes(name) && unit !== undefined
      ? [`${name} ${Number(scale[axis]?.toPrecision(4))} ${shortUnits[unit] ?? unit}`]
      : [],
  );
  return parts.length === 0 ? 'not given' : parts.reverse().join(' · ');
}
