import { ContextProvider } from '@lit/context';
import { html, LitElement, nothing } from 'lit';
import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { Replaced } from '../labels/replaced-label.ts';
import type { OpenSessionOptions, Session, SessionEvents } from '../session-types.ts';
import type { Source } from '../stores/store.ts';
import type { Camera } from '../views/deck/scene.ts';
import type { AlibiZarrCanvas, PointerReading } from './canvas-element.ts';
import {
  browseCollection,
  type Collection,
  type CollectionItem,
  describeSource,
  itemSource,
  mayBeCollection,
} from './collection.ts';
import { type Workspace, workspaceContext } from './contexts.ts';
import { Display } from './display.ts';
import { type ImportedFile, isImportable } from './import-file.ts';
import { keepStrokes } from './keep-strokes.ts';
import { keyCommand } from './keys.ts';
import type { LabelChangedDetail } from './labels-dialog.ts';
import { listenToKeys } from './listen-to-keys.ts';
import type { Message } from './messages.ts';
import type { AlibiZarrPanel } from './panel-element.ts';
import { ProjectHolder } from './project-holder.ts';
import { runCommand } from './run-command.ts';
import type { SavedDetail } from './save-dialog.ts';
import { resultText } from './save-forecast.ts';
import { storedLabels } from './save-targets.ts';
import { theme } from './theme.ts';
import type { ViewCommand } from './toolbar.ts';
import { stages } from './viewer-stages.ts';
import { viewerStyle } from './viewer-style.ts';

type ViewerState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'opening'; readonly what: string; readonly abort: AbortController }
  | { readonly kind: 'failed'; readonly error: AlibiError }
  | { readonly kind: 'choosing'; readonly collection: Collection }
  | { readonly kind: 'open'; readonly workspace: Workspace };

/** An image that was chosen from a collection. */
export interface PickedDetail {
  /** `null` where the collection has no address. */
  readonly address: string | null;
  readonly path: string;
}

interface Picked {
  readonly collection: Collection;
  readonly item: CollectionItem;
}

/** Messages on screen at most; older ones make room. */
const messageLimit = 4;

/**
 * An image, its layers and all controls. A plate, a well or a series is shown as a choice of its images.
 *
 * @attr src    URL of an OME-Zarr; for a folder, a File or a store set the property `source`
 * @attr model  URL of a checkpoint's manifest.json; without it the image can only be looked at
 * @slot empty  shown while there is no image
 * @fires az-opened  detail: Session
 * @fires az-picked  detail: PickedDetail; an image of a plate, well or series was chosen
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

  /** What the image on show was chosen from. */
  #picked: Picked | null = null;
  readonly #provider = new ContextProvider(this, { context: workspaceContext, initialValue: null });
  /** Goes on from image to image. */
  readonly #projects = new ProjectHolder();
  #nextMessage = 1;
  /** What the messages on screen could bring back. */
  readonly #replaced = new Map<number, Replaced>();
  #listening: AbortController | null = null;
  #stopKeys: (() => void) | null = null;

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
    this.#stopKeys = listenToKeys(this, this.#keyDown);
    if (this.hasUpdated && this.state.kind === 'empty') void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopKeys?.();
    this.#leave();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('src') || changed.has('model') || changed.has('source')) void this.#open();
  }

  /** Open what `source` or `src` names now, also if it is open already. */
  reload(): void {
    void this.#open();
  }

  async #open(picked: Picked | null = null): Promise<void> {
    this.#leave();
    this.#picked = picked;
    const source = this.source ?? this.src;
    if (source === null || source === '') return;
    const { opener } = AlibiZarrViewer;
    if (opener === null) return;
    const abort = new AbortController();
    const { signal } = abort;
    const what = describeSource(source) + (picked === null ? '' : `/${picked.item.path}`);
    this.state = { kind: 'opening', what, abort };
    try {
      const wanted = picked === null ? source : await itemSource(picked.collection, picked.item.path);
      const session = await opener({
        source: wanted,
        ...(this.model ? { model: this.model } : {}),
        sidecar: storedLabels,
        memory: this.#projects.memory,
        signal,
      });
      if (signal.aborted) {
        void session.close();
        return;
      }
      if (picked !== null) {
        const address = wanted instanceof URL ? wanted.href : null;
        this.#announce('az-picked', { address, path: picked.item.path });
      }
      this.#show(session);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      const collection =
        mayBeCollection(error) && picked === null ? await browseCollection(source, signal) : null;
      if (signal.aborted) return;
      if (collection !== null) {
        this.state = { kind: 'choosing', collection };
        return;
      }
      const failure = asAlibiError(error, what);
      this.state = { kind: 'failed', error: failure };
      this.#announce('az-failed', failure);
    }
  }

  #announce(type: string, detail: Session | AlibiError | PickedDetail): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** Back to the plate, well or series that the image was chosen from. */
  #chooseAgain(collection: Collection): void {
    this.#leave();
    this.state = { kind: 'choosing', collection };
  }

  #show(session: Session): void {
    const keeper = keepStrokes(session);
    const workspace = { session, display: new Display(session.image), projects: this.#projects, keeper };
    this.#listening = new AbortController();
    const failed = (event: SessionEvents['error']) => this.#tell(event.detail.error);
    session.addEventListener('error', failed, { signal: this.#listening.signal });
    this.state = { kind: 'open', workspace };
    this.#provider.setValue(workspace);
    this.#projects.enter(session);
    this.#announce('az-opened', session);
  }

  #leave(): void {
    this.#listening?.abort();
    this.#listening = null;
    if (this.state.kind === 'opening') this.state.abort.abort();
    if (this.state.kind === 'open') {
      this.#projects.leave(this.state.workspace.session);
      void this.state.workspace.keeper.close();
      void this.state.workspace.session.close();
    }
    this.#provider.setValue(null);
    for (const id of this.#replaced.keys()) this.#letGo(id);
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
    this.#letGo(id);
    this.#setMessages(this.messages.filter((message) => message.id !== id));
  }

  #saved({ name, result }: SavedDetail): void {
    this.#done(`Saved labels/${name}`, resultText(result), result.replaced);
  }

  /** Say what was done; what it replaced can be brought back until the message goes. */
  #done(title: string, text: string, replaced?: Replaced): void {
    const id = this.#nextMessage++;
    const undo = () => {
      this.#replaced.delete(id);
      this.#dismiss(id);
      replaced?.undo().catch((error: unknown) => this.#tell(asAlibiError(error, title)));
    };
    const gone = this.messages.filter((old) => old.kind === 'done');
    const kept = this.messages.filter((old) => old.kind !== 'done');
    this.#setMessages([...kept, { id, kind: 'done', title, text, ...(replaced ? { undo } : {}) }]);
    for (const old of gone) this.#letGo(old.id);
    if (replaced !== undefined) this.#replaced.set(id, replaced);
  }

  /** What a message could have brought back is removed with it. */
  #letGo(id: number): void {
    const replaced = this.#replaced.get(id);
    this.#replaced.delete(id);
    replaced?.remove().catch((error: unknown) => this.#tell(asAlibiError(error, 'replaced labels')));
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

  /** Files of ours are taken here, and the event's default is prevented to say so; images are the page's. */
  #dragged(event: DragEvent): void {
    const items = [...(event.dataTransfer?.items ?? [])];
    if (items.length === 0 || !items.every(({ kind, type }) => kind === 'file' && isJsonType(type))) return;
    event.preventDefault();
  }

  #dropped(event: DragEvent): void {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0 || !files.every(({ name }) => isImportable(name))) return;
    event.preventDefault();
    void this.take(files);
  }

  /** Take files of scribbles, classifiers and projects in, as if they were dropped on the image. */
  async take(files: readonly File[]): Promise<void> {
    const panel = this.renderRoot.querySelector<AlibiZarrPanel>('alibi-zarr-panel');
    // The panel is not there while it is hidden.
    if (panel === null) this.panelHidden = false;
    await this.updateComplete;
    const shown = panel ?? this.renderRoot.querySelector<AlibiZarrPanel>('alibi-zarr-panel');
    await shown?.updateComplete;
    await shown?.take(files);
  }

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
        return stages.empty();
      case 'opening':
        return stages.opening(state.what, () => this.#leave());
      case 'failed': {
        const picked = this.#picked;
        return stages.failed(state.error, {
          retry: () => void this.#open(picked),
          ...(picked === null ? {} : { back: () => this.#chooseAgain(picked.collection) }),
        });
      }
      case 'choosing': {
        const { collection } = state;
        return stages.choosing(collection, (item) => void this.#open({ collection, item }));
      }
      case 'open':
        return this.#workspace();
    }
  }

  #way({ collection, item }: Picked) {
    return html`<button class="way" title="Choose another image" @click=${() => this.#chooseAgain(collection)}>
      <span aria-hidden="true">‹</span><span class="clip">${collection.name}</span><span class="muted">${item.path}</span>
    </button>`;
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
        @az-save-failed=${({ detail }: CustomEvent<AlibiError>) => this.#setMessages(this.messages.filter((old) => old.kind !== 'error' || old.error !== detail))}
        @az-done=${({ detail }: CustomEvent<ImportedFile>) => this.#done(detail.title, detail.text)}
        @az-failed-file=${({ detail }: CustomEvent<AlibiError>) => this.#tell(detail)}
        @dragover=${(event: DragEvent) => this.#dragged(event)}
        @drop=${(event: DragEvent) => this.#dropped(event)}
        @az-saved=${(event: CustomEvent<SavedDetail>) => this.#saved(event.detail)}
        @az-label-changed=${({ detail }: CustomEvent<LabelChangedDetail>) => this.#done(detail.title, 'The old chunks are removed when this message goes.', detail.replaced)}
      >
        <div class="picture">
          <alibi-zarr-canvas part="canvas"></alibi-zarr-canvas>
          <alibi-zarr-toolbar part="toolbar" role="toolbar" aria-label="View"></alibi-zarr-toolbar>
          ${this.#picked === null ? nothing : this.#way(this.#picked)}
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

/** GeoJSON has a type of its own that browsers leave out. */
function isJsonType(type: string): boolean {
  return type === '' || /json/.test(type);
}
