import { css, html, LitElement, nothing } from 'lit';
import type { TableFormat } from '../session-objects.ts';
import type { Layer } from '../session-types.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { download } from './download.ts';
import { selectValue } from './input-value.ts';
import { colorRange, rampCss } from './object-colors.ts';
import { shortNumber } from './object-table.ts';
import { type ShownTable, shownTable } from './object-view.ts';
import { RunningTask } from './running-task.ts';
import { theme } from './theme.ts';

const fileNames: Readonly<Record<TableFormat, string>> = {
  csv: 'CSV',
  parquet: 'Parquet',
  geojson: 'GeoJSON',
};
const fileTitles: Readonly<Record<TableFormat, string>> = {
  csv: 'Download the table as CSV',
  parquet: 'Download the table as Parquet, for pandas, R and Arrow',
  geojson: 'Download the outlines as GeoJSON, for QuPath',
};

/** What was found and measured: the table, colours by a measurement, and files to take away. */
export class AlibiZarrObjectResults extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: grid; gap: 8px; grid-template-columns: minmax(0, 1fr); min-width: 0; }
      .field { display: grid; grid-template-columns: 64px minmax(0, 1fr); gap: 8px; align-items: center; }
      .field > span { color: var(--az-muted); }
      select { width: 100%; height: 26px; font-size: 12px; }
      .warn { color: var(--az-warn); }
      .files { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4px; }
      .files button { height: 24px; font-size: 12px; padding: 0 4px; }
      .ramp { height: 6px; border-radius: 3px; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);
  readonly #task = new RunningTask(this);

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const shown = shownTable(workspace);
    return shown === null ? this.#noTable(workspace) : this.#table(workspace, shown);
  }

  #noTable({ session, display }: Workspace) {
    const layer = session.layers.find(({ id }) => id === display.state.objects.layerId);
    if (layer === undefined) return nothing;
    return html`<p class="small muted" role="status">The labels were edited since they were measured: measure them again.</p>`;
  }

  #table(workspace: Workspace, shown: ShownTable) {
    const { layer, table } = shown;
    const facts = workspace.session.objects.factsOf(layer);
    const { rows } = table;
    return html`
      <div class="row small" role="status">
        <span class="grow"><b>${rows.toLocaleString('en')}</b> ${rows === 1 ? 'object' : 'objects'} in ${layer.name}</span>
      </div>
      ${layer.outdated ? html`<p class="small warn">Of an earlier segmentation: find them again to follow it.</p>` : nothing}
      ${
        facts === null || facts.unsure.count === 0
          ? nothing
          : html`<p class="small warn" title=${facts.unsure.ids.join(', ')}>
              ${facts.unsure.count} ${facts.unsure.count === 1 ? 'object is' : 'objects are'} larger than the halo: their borders may depend on the blocks. Give a larger halo.
            </p>`
      }
      ${this.#colorBy(workspace, shown)}
      <alibi-zarr-object-table></alibi-zarr-object-table>
      <div class="files" role="group" aria-label="Download">
        ${(['csv', 'parquet', 'geojson'] as const).map(
          (format) =>
            html`<button
              id=${`as-${format}`}
              ?disabled=${this.#task.isBusy}
              title=${fileTitles[format]}
              @click=${() => this.#download(workspace, layer, format)}
            >${fileNames[format]}</button>`,
        )}
      </div>
    `;
  }

  #colorBy({ display }: Workspace, { table }: ShownTable) {
    const { objects } = display.state;
    const column = objects.colorBy === null ? -1 : table.column(objects.colorBy);
    const range = column === -1 ? null : colorRange(table, column);
    return html`<label class="field small">
        <span>Colour by</span>
        <select
          id="color-by"
          @change=${(event: Event) => display.update({ objects: { ...display.state.objects, colorBy: selectValue(event) || null } })}
        >
          <option value="" ?selected=${column === -1}>their ids</option>
          ${table.columns
            .filter(({ type }) => type === 'number')
            .map(
              ({ name, description }) =>
                html`<option value=${name} title=${description} ?selected=${name === objects.colorBy}>${name}</option>`,
            )}
        </select>
      </label>
      ${
        range === null
          ? nothing
          : html`<div class="small muted" role="img" aria-label=${`Colours from ${shortNumber(range[0])} to ${shortNumber(range[1])}`}>
              <div class="ramp" .style=${`background:${rampCss}`}></div>
              <div class="row"><span class="grow">${shortNumber(range[0])}</span><span>${shortNumber(range[1])}</span></div>
            </div>`
      }`;
  }

  async #download({ session }: Workspace, layer: Layer, format: TableFormat): Promise<void> {
    await this.#task.run(async (signal) => {
      const file = await session.objects.write(layer, format, { signal });
      download(`${fileStem(layer.name)}.${format}`, file, file.type);
    });
  }
}

/** A name of a layer as one of a file. */
function fileStem(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^-+|-+$/g, '') || 'objects';
}
