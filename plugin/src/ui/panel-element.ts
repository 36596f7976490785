import { ContextProvider } from '@lit/context';
import { css, html, LitElement, nothing } from 'lit';
import type { StrokeKeeper } from '../session-stroke-keeper.ts';
import type { Layer, Session } from '../session-types.ts';
import { type Workspace, WorkspaceController, workspaceContext } from './contexts.ts';
import { Display } from './display.ts';
import type { AlibiZarrFeatures } from './features-panel.ts';
import type { AlibiZarrFiles } from './files-panel.ts';
import { keepStrokes } from './keep-strokes.ts';
import type { AlibiZarrLabelsDialog } from './labels-dialog.ts';
import { ProjectHolder } from './project-holder.ts';
import type { AlibiZarrSaveDialog } from './save-dialog.ts';
import { theme } from './theme.ts';

/**
 * All controls, for a page that has its own canvas. Inside `<alibi-zarr-viewer>` it works on the viewer's
 * session; elsewhere set `session` (and `display`, to share how things are looked at with your canvas).
 *
 * @csspart panel     the scrolling column
 * @csspart features-button
 */
export class AlibiZarrPanel extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: block; background: var(--az-surface); overflow: auto; scrollbar-width: thin; scrollbar-color: var(--az-line) transparent; }
    `,
  ];
  static override properties = { session: { attribute: false }, display: { attribute: false } };
  declare session: Session | null;
  declare display: Display | null;
  readonly #workspace = new WorkspaceController(this);
  readonly #projects = new ProjectHolder();
  #provider: ContextProvider<typeof workspaceContext> | null = null;
  /** Of a session of one's own; the viewer's has the viewer's. */
  #keeper: { readonly session: Session; readonly keeper: StrokeKeeper } | null = null;

  constructor() {
    super();
    this.session = null;
    this.display = null;
  }

  /** Turn feature colours on or off, as the button does. */
  toggleFeatures(): void {
    void this.renderRoot.querySelector<AlibiZarrFeatures>('alibi-zarr-features')?.toggleFeatures();
  }

  /** Take files of scribbles, classifiers and projects in, as if they were chosen in the panel. */
  async take(files: readonly File[]): Promise<void> {
    await this.renderRoot.querySelector<AlibiZarrFiles>('alibi-zarr-files')?.take(files);
  }

  /** Ask where to save a layer. */
  save(layer: Layer): void {
    this.renderRoot.querySelector<AlibiZarrSaveDialog>('alibi-zarr-save-dialog')?.open(layer);
  }

  /** Ask what is to become of a label image. */
  change(name: string): void {
    this.renderRoot.querySelector<AlibiZarrLabelsDialog>('alibi-zarr-labels-dialog')?.open(name);
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has('session') && !changed.has('display')) return;
    const keeper = this.#keep();
    if (this.session === null || keeper === null) {
      this.#provider?.setValue(null);
      return;
    }
    this.display ??= new Display(this.session.image);
    const { session, display } = this;
    const workspace: Workspace = { session, display, keeper, projects: this.#projects };
    if (this.#provider === null) {
      this.#provider = new ContextProvider(this, { context: workspaceContext, initialValue: workspace });
    } else this.#provider.setValue(workspace);
  }

  /** What keeps the strokes of the session on show; the one before is done. */
  #keep(): StrokeKeeper | null {
    if (this.#keeper?.session !== this.session) {
      if (this.#keeper !== null) this.#projects.leave(this.#keeper.session);
      void this.#keeper?.keeper.close();
      this.#keeper =
        this.session === null ? null : { session: this.session, keeper: keepStrokes(this.session) };
      if (this.session !== null) this.#projects.enter(this.session);
    }
    return this.#keeper?.keeper ?? null;
  }

  protected override render() {
    if (this.#workspace.workspace === null && this.session === null) return nothing;
    return html`
      <div
        part="panel"
        @az-save=${(event: CustomEvent<Layer>) => this.save(event.detail)}
        @az-change-label=${(event: CustomEvent<string>) => this.change(event.detail)}
      >
        <alibi-zarr-features exportparts="features-button"></alibi-zarr-features>
        <alibi-zarr-editing></alibi-zarr-editing>
        <alibi-zarr-kept-strokes></alibi-zarr-kept-strokes>
        <alibi-zarr-classes></alibi-zarr-classes>
        <alibi-zarr-learning></alibi-zarr-learning>
        <alibi-zarr-guide></alibi-zarr-guide>
        <alibi-zarr-quality></alibi-zarr-quality>
        <alibi-zarr-layers></alibi-zarr-layers>
        <alibi-zarr-objects></alibi-zarr-objects>
        <alibi-zarr-project></alibi-zarr-project>
        <alibi-zarr-files></alibi-zarr-files>
        <alibi-zarr-channels></alibi-zarr-channels>
        <alibi-zarr-info></alibi-zarr-info>
      </div>
      <alibi-zarr-save-dialog></alibi-zarr-save-dialog>
      <alibi-zarr-labels-dialog></alibi-zarr-labels-dialog>
    `;
  }
}
