import { ContextProvider } from '@lit/context';
import { html, LitElement, nothing } from 'lit';
import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { OpenSessionOptions, Session, SessionEvents } from '../session-types.ts';
import type { Source } from '../stores/store.ts';
import type { Camera } from '../views/deck/scene.ts';
import type { AlibiZarrCanvas, PointerReading } from './canvas-element.ts';
import { type Workspace, workspaceContext } from './contexts.ts';
import { Display } from './display.ts';
import { keyCommand } from './keys.ts';
import type { Message } from './messages.ts';
import type { AlibiZarrPanel } from './panel-element.ts';
import { runCommand } from './run-command.ts';
import type { SavedDetail } from './save-dialog.ts';
import { theme } from './theme.ts';
import type { ViewCommand } from './toolbar.ts';
import { viewerStyle } from './viewer-style.ts';
import { sentence } from './words.ts';

type ViewerState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'opening'; readonly what: string; readonly abort: AbortController }
  | { readonly kind: 'failed'; readonly error: AlibiError }
  | { readonly kind: 'open'; readonly workspace: Workspace };

/** Messages on screen at most; older ones make room. */
const messageLimit = 4;

/**
 * An image, its layers and all controls.
 *
 * @attr src    URL of an OME-Zarr; for a folder, a File or a store set the property `source`
 * @attr model  URL of a checkpoint's manifest.json; without it the image can only be looked at
 * @slot empty  shown while there is no image
 * @fires az-opened  detail: Session
 * @fires az-failed  detail: AlibiError; the image could not be opened
 */
export class AlibiZarrViewer extends LitElement {
  static override styles = [theme, viewerStyle];
  static override properties = {
    src: { type: String, reflect: true },
    model: { type: String, reflect: true },
    source: { attribute: false },
    state: { state: true },
    messages: { state: true },
    camera: { state: true },
    reading: { state: true },
    panelHidden: { state: true },
  };
  declare src: string | null;
  declare model: string | null;
  /** Takes precedence over `src`. */
  declare source: Source | null;
  declare state: ViewerState;
  declare messages: readonly Message[];
  declare camera: Camera | null;
  declare reading: PointerReading | null;
  declare panelHidden: boolean;
  /** How a session is opened; `define.ts` sets it, tests and hosts may replace it. */
  static opener: ((options: OpenSessionOptions) => Promise<Session>) | null = null;

  readonly #provider = new ContextProvider(this, { context: workspaceContext, initialValue: null });
  #nextMessage = 1;
  #listening: AbortController | null = null;

  constructor() {
    super();
    this.src = null;
    this.model = null;
    this.source = null;
    this.state = { kind: 'empty' };
    this.messages = [];
    this.camera = null;
    this.reading = null;
    this.panelHidden = false;
  }

  /** The session of the image on show; `null` while there is none. */
  get session(): Session | null {
    return this.state.kind === 'open' ? this.state.workspace.session : null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('keydown', this.#keyDown);
    if (this.hasUpdated && this.state.kind === 'empty') void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('keydown', this.#keyDown);
    this.#leave();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('src') || changed.has('model') || changed.has('source')) void this.#open();
  }

  /** Open what `source` or `src` names now, also if it is open already. */
  reload(): void {
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#leave();
    const source = this.source ?? this.src;
    if (source === null || source === '') return;
    const { opener } = AlibiZarrViewer;
    if (opener === null) return;
    const abort = new AbortController();
    const what = describeSource(source);
    this.state = { kind: 'opening', what, abort };
    try {
      const session = await opener({
        source,
        ...(this.model ? { model: this.model } : {}),
        signal: abort.signal,
      });
      if (abort.signal.aborted) {
        void session.close();
        return;
      }
      this.#show(session);
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      const failure = asAlibiError(error, what);
      this.state = { kind: 'failed', error: failure };
      this.dispatchEvent(new CustomEvent('az-failed', { detail: failure, bubbles: true, composed: true }));
    }
  }

  #show(session: Session): void {
    const workspace = { session, display: new Display(session.image) };
    this.#listening = new AbortController();
    const failed = (event: SessionEvents['error']) => this.#tell(event.detail.error);
    session.addEventListener('error', failed, { signal: this.#listening.signal });
    this.state = { kind: 'open', workspace };
    this.#provider.setValue(workspace);
    this.dispatchEvent(new CustomEvent('az-opened', { detail: session, bubbles: true, composed: true }));
  }

  #leave(): void {
    this.#listening?.abort();
    this.#listening = null;
    if (this.state.kind === 'opening') this.state.abort.abort();
    if (this.state.kind === 'open') void this.state.workspace.session.close();
    this.#provider.setValue(null);
    this.state = { kind: 'empty' };
    this.messages = [];
    this.reading = null;
    this.camera = null;
  }

  #tell(error: AlibiError, { group = error.what, retry }: { group?: string; retry?: () => void } = {}): void {
    const same = this.messages.find((old) => old.kind === 'error' && old.group === group);
    const count = same?.kind === 'error' ? same.count + 1 : 1;
    const id = same?.id ?? this.#nextMessage++;
    const again = () => {
      this.#dismiss(id);
      retry?.();
    };
    const message: Message = { id, kind: 'error', error, group, count, ...(retry ? { retry: again } : {}) };
    this.#setMessages([...this.messages.filter((old) => old !== same), message]);
  }

  #setMessages(messages: readonly Message[]): void {
    this.messages = messages.slice(-messageLimit);
  }

  #dismiss(id: number): void {
    this.#setMessages(this.messages.filter((message) => message.id !== id));
  }

  #saved({ name, result }: SavedDetail): void {
    const { validation, location, written, seconds } = result;
    const valid = validation.valid
      ? 'valid OME-Zarr'
      : `not valid: ${validation.message ?? 'unknown reason'}`;
    const text = `${written} chunks in ${seconds.toFixed(1)} s, ${valid} · ${location}`;
    this.#setMessages([
      ...this.messages,
      { id: this.#nextMessage++, kind: 'done', title: `Saved labels/${name}`, text },
    ]);
  }

  get #canvas(): AlibiZarrCanvas | null {
    return this.renderRoot.querySelector<AlibiZarrCanvas>('alibi-zarr-canvas');
  }

  readonly #keyDown = (event: KeyboardEvent): void => {
    const command = keyCommand(event);
    const canvas = this.#canvas;
    if (command === null || canvas === null || this.state.kind !== 'open' || event.defaultPrevented) return;
    event.preventDefault();
    runCommand(command, {
      workspace: this.state.workspace,
      canvas,
      toggleFeatures: () =>
        this.renderRoot.querySelector<AlibiZarrPanel>('alibi-zarr-panel')?.toggleFeatures(),
      togglePanel: () => (this.panelHidden = !this.panelHidden),
    });
  };

  #view(command: ViewCommand): void {
    if (command === 'panel') this.panelHidden = !this.panelHidden;
    if (command === 'fit') this.#canvas?.fit();
    if (command === 'zoom-in') this.#canvas?.zoomBy(0.5);
    if (command === 'zoom-out') this.#canvas?.zoomBy(-0.5);
  }

  protected override render() {
    const { state } = this;
    switch (state.kind) {
      case 'empty':
        return html`<div class="stage" part="empty"><slot name="empty"><p class="muted">No image is open.</p></slot></div>`;
      case 'opening':
        return html`<div class="stage" role="status">
          <div class="spinner" aria-hidden="true"></div>
          <p>Opening ${state.what}</p>
          <button @click=${() => this.#leave()}>Cancel</button>
        </div>`;
      case 'failed':
        return html`<div class="stage" role="alert" part="failed">
          <h2>This could not be opened</h2>
          <p class="what">${sentence(state.error.what)}</p>
          <p class="muted where">${state.error.where}</p>
          <p>${state.error.remedy}</p>
          <div class="row"><button class="primary" @click=${() => this.reload()}>Try again</button><slot name="failed"></slot></div>
        </div>`;
      case 'open':
        return this.#workspace();
    }
  }

  #workspace() {
    return html`
      <div
        class="workspace"
        @az-camera=${(event: CustomEvent<Camera>) => (this.camera = event.detail)}
        @az-pointer=${(event: CustomEvent<PointerReading | null>) => (this.reading = event.detail)}
        @az-tile-error=${(event: CustomEvent<AlibiError>) => this.#tell(event.detail, { group: 'tiles', retry: () => this.#canvas?.retry() })}
        @az-draw-error=${(event: CustomEvent<Error>) => this.#tell(asAlibiError(event.detail, 'drawing'))}
        @az-view=${(event: CustomEvent<ViewCommand>) => this.#view(event.detail)}
        @az-saved=${(event: CustomEvent<SavedDetail>) => this.#saved(event.detail)}
      >
        <div class="picture">
          <alibi-zarr-canvas part="canvas"></alibi-zarr-canvas>
          <alibi-zarr-toolbar part="toolbar" role="toolbar" aria-label="View"></alibi-zarr-toolbar>
          <alibi-zarr-scale-bar .camera=${this.camera}></alibi-zarr-scale-bar>
          <div class="notices">
            <alibi-zarr-messages
              .messages=${this.messages}
              @az-dismiss=${(event: CustomEvent<number>) => this.#dismiss(event.detail)}
            ></alibi-zarr-messages>
            <alibi-zarr-work></alibi-zarr-work>
          </div>
          <alibi-zarr-slices></alibi-zarr-slices>
        </div>
        ${this.panelHidden ? nothing : html`<alibi-zarr-panel part="panel" role="complementary" aria-label="Controls"></alibi-zarr-panel>`}
        <alibi-zarr-status-bar .camera=${this.camera} .reading=${this.reading}></alibi-zarr-status-bar>
      </div>
    `;
  }
}

function describeSource(source: Source): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return source.href;
  return 'name' in source && typeof source.name === 'string' ? source.name : 'the image';
}
