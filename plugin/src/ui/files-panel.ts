import { css, html, LitElement, nothing } from 'lit';
import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { download } from './download.ts';
import { icons } from './icons.ts';
import { type ImportedFile, importedText, importFile } from './import-file.ts';
import { inputValue } from './input-value.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

/**
 * Strokes and classifier as files, in and out; a project comes in here too.
 *
 * @fires az-done    something was brought in or saved; detail: ImportedFile
 * @fires az-failed-file  a file could not be taken; detail: AlibiError
 */
export class AlibiZarrFiles extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .group { display: grid; grid-template-columns: 72px minmax(0, 1fr); gap: 6px 8px; align-items: center; font-size: 12px; }
      .group > span { color: var(--az-muted); }
      .buttons { display: flex; flex-wrap: wrap; gap: 4px; min-width: 0; }
      .buttons button, .buttons select, .buttons input { height: 26px; font-size: 12px; min-width: 0; }
      .buttons input { width: 96px; padding: 0 6px; }
      .buttons select { max-width: 100%; }
    `,
  ];
  static override properties = { labelName: { state: true } };
  declare labelName: string;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.labelName = 'scribbles';
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { session } = workspace;
    const hasStrokes = session.strokes.length > 0;
    const hasClassifier = session.layers.some(({ kind, outdated }) => kind === 'classes' && !outdated);
    return html`
      ${sectionHeader('Files')}
      <div class="group">
        <span>Open</span>
        <div class="buttons">
          <button
            id="import"
            title="Scribbles (.geojson), a classifier or a project (.json); or drop it on the image"
            @click=${() => this.#choose()}
          >${icons.folder} Open a file…</button>
          <input
            id="panel-file"
            type="file"
            hidden
            multiple
            accept=".geojson,.json"
            aria-label="File of scribbles, classifier or project"
            @change=${(event: Event) => this.#chosen(event, workspace)}
          />
          ${this.#labelsToRead(workspace)}
        </div>
        <span>Strokes</span>
        <div class="buttons">
          <button
            id="export-geojson"
            ?disabled=${!hasStrokes}
            title="Download the strokes as GeoJSON, which QuPath opens"
            @click=${() => this.#act(workspace, () => this.#exportGeojson(workspace))}
          >${icons.save} GeoJSON</button>
          <input
            type="text"
            aria-label="Name of the label image for strokes"
            .value=${this.labelName}
            @change=${(event: Event) => (this.labelName = inputValue(event).trim() || 'scribbles')}
          />
          <button
            id="save-scribbles"
            ?disabled=${!hasStrokes}
            title="Save the strokes as a label image of this image"
            @click=${() => this.#act(workspace, () => this.#saveScribbles(workspace))}
          >As labels</button>
        </div>
        <span>Classifier</span>
        <div class="buttons">
          <button
            id="export-classifier"
            ?disabled=${!hasClassifier}
            title="Download the classifier: alibi-zarr segment --classifier applies it"
            @click=${() => this.#act(workspace, () => this.#exportClassifier(workspace, 'json'))}
          >${icons.save} JSON</button>
          <button
            id="export-onnx"
            ?disabled=${!hasClassifier}
            title="Download the classifier as ONNX"
            @click=${() => this.#act(workspace, () => this.#exportClassifier(workspace, 'onnx'))}
          >${icons.save} ONNX</button>
        </div>
      </div>
    `;
  }

  #labelsToRead(workspace: Workspace) {
    const { labels } = workspace.session.image;
    if (labels.length === 0) return nothing;
    return html`<select
      aria-label="Read strokes from a label image"
      @change=${(event: Event) => this.#readLabels(event, workspace)}
    >
      <option value="">Strokes from labels…</option>
      ${labels.map(({ name }) => html`<option value=${name}>${name}</option>`)}
    </select>`;
  }

  #choose(): void {
    this.renderRoot.querySelector<HTMLInputElement>('#panel-file')?.click();
  }

  #chosen(event: Event, workspace: Workspace): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    const files = [...(event.target.files ?? [])];
    // The same file can be chosen again.
    event.target.value = '';
    void this.take(files, workspace);
  }

  /** Take files in, one after another. */
  async take(files: readonly File[], workspace = this.#workspace.workspace): Promise<void> {
    if (workspace === null) return;
    for (const file of files) await this.#act(workspace, () => importFile(file, workspace));
  }

  #readLabels(event: Event, workspace: Workspace): void {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const name = event.target.value;
    event.target.value = '';
    if (name === '') return;
    void this.#act(workspace, async () =>
      importedText(`labels/${name}`, await workspace.session.scribbles.addLabels(name)),
    );
  }

  #exportGeojson({ session }: Workspace): null {
    const file = `${JSON.stringify(session.scribbles.toGeojson())}\n`;
    download(`${fileStem(session.image.name)}.geojson`, file, 'application/geo+json');
    return null;
  }

  async #saveScribbles({ session }: Workspace): Promise<ImportedFile> {
    const { location, objects } = await session.scribbles.save({ name: this.labelName });
    return { title: `Saved labels/${this.labelName}`, text: `${objects} objects in ${location}` };
  }

  #exportClassifier({ session }: Workspace, kind: 'json' | 'onnx'): null {
    const files = session.exportClassifier();
    const type = kind === 'json' ? 'application/json' : 'application/octet-stream';
    download(`${fileStem(session.image.name)}-classifier.${kind}`, files[kind], type);
    return null;
  }

  /** What the session has announced already is not told twice. */
  async #act(workspace: Workspace, action: () => ImportedFile | null | Promise<ImportedFile>): Promise<void> {
    const announced = new Set<AlibiError>();
    const listen = ({ detail }: CustomEvent<{ readonly error: AlibiError }>) => announced.add(detail.error);
    workspace.session.addEventListener('error', listen);
    try {
      const done = await action();
      if (done !== null) this.#announce('az-done', done);
    } catch (error) {
      if (isAbort(error)) return;
      const failure = asAlibiError(error, 'file');
      if (!announced.has(failure)) this.#announce('az-failed-file', failure);
    } finally {
      workspace.session.removeEventListener('error', listen);
    }
  }

  #announce(type: string, detail: ImportedFile | AlibiError): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** A name that every file system takes. */
function fileStem(name: string): string {
  const stem = name.replace(/\.(ome\.)?zarr$/i, '').replace(/[^\p{L}\p{N}._-]+/gu, '-');
  return stem.replace(/^[-.]+|[-.]+$/g, '').slice(0, 80) || 'image';
}
