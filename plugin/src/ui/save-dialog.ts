import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import { createPause, type Pause } from '../labels/pause.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { Progress } from '../pipeline/pipeline.ts';
import type { Layer, SaveForecast, SaveOptions, SaveResult } from '../session-types.ts';
import { pause as wait } from '../stores/retry.ts';
import { packSaved, pickArchive } from './archive-download.ts';
import { WorkspaceController } from './contexts.ts';
import { saveDialogStyle } from './save-dialog-style.ts';
import { forecastText, type Unfinished, unfinishedIn, unfinishedText } from './save-forecast.ts';
import { formatFields, type SaveFormat, versionOfPlace } from './save-format.ts';
import { placeFields } from './save-place.ts';
import { saveProgress } from './save-progress.ts';
import {
  addressProblem,
  nameProblem,
  openTarget,
  saveTargets,
  type TargetKind,
  targetToAsk,
} from './save-targets.ts';
import { theme } from './theme.ts';
import { sentence, withoutFlag } from './words.ts';

/** From the last letter of a name to the question what is there. */
const patienceMs = 250;

type SaveState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'asking'; readonly layer: Layer; readonly error: AlibiError | null }
  | {
      readonly kind: 'saving';
      readonly layer: Layer;
      readonly progress: Progress | null;
      readonly abort: AbortController;
      readonly pause: Pause;
    };

export interface SavedDetail {
  readonly layer: Layer;
  readonly name: string;
  readonly result: SaveResult;
}

/**
 * Asks for a name and a place, saves, shows how far it is.
 *
 * @fires az-saved  detail: SavedDetail
 * @fires az-save-failed  detail: AlibiError, shown here already
 */
export class AlibiZarrSaveDialog extends LitElement {
  static override styles = [theme, saveDialogStyle];
  static override properties = {
    state: { state: true },
    name: { state: true },
    target: { state: true },
    address: { state: true },
    overwrite: { state: true },
    resume: { state: true },
    version: { state: true },
    compression: { state: true },
    sharded: { state: true },
    forecast: { state: true },
  };
  declare state: SaveState;
  declare name: string;
  declare target: TargetKind;
  /** Of the folder on a server, where that is the target. */
  declare address: string;
  declare overwrite: boolean;
  /** Go on with an interrupted save, where one is there. */
  declare resume: boolean;
  declare version: '0.4' | '0.5';
  declare compression: 'blosc' | 'zstd' | 'none';
  /** null: where it pays */
  declare sharded: boolean | null;
  declare forecast: SaveForecast | AlibiError | null;
  #asking = new AbortController();
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.state = { kind: 'closed' };
    this.name = '';
    this.target = 'image';
    this.address = '';
    this.overwrite = false;
    this.resume = true;
    this.version = '0.5';
    this.compression = 'zstd';
    this.sharded = null;
    this.forecast = null;
  }

  /** Ask where to save a layer. */
  open(layer: Layer): void {
    const { workspace } = this.#workspace;
    if (workspace === null || this.state.kind === 'saving') return;
    const targets = saveTargets(workspace.session.image);
    this.state = { kind: 'asking', layer, error: null };
    this.name =
      layer.name
        .toLowerCase()
        .replace(/[^\w.-]+/g, '-')
        .replace(/^-+|-+$/g, '') || 'labels';
    this.overwrite = false;
    this.target = targets.find(({ unavailable }) => unavailable === undefined)?.kind ?? 'browser';
    this.version = workspace.session.image.version === '0.5' ? '0.5' : '0.4';
    this.sharded = null;
    this.resume = true;
    void this.updateComplete.then(() => {
      this.#dialog?.showModal();
      this.renderRoot.querySelector<HTMLInputElement>('#name')?.select();
    });
  }

  /** Why it cannot be saved as it is filled in; `null` where it can. */
  get #problem(): string | null {
    return nameProblem(this.name) ?? (this.target === 'server' ? addressProblem(this.address) : null);
  }

  get #failure(): AlibiError | null {
    return this.state.kind === 'asking' ? this.state.error : null;
  }

  /** An interrupted save of that name: what is there tells, or the save that has just failed. */
  get #unfinished(): Unfinished | null {
    const known = this.forecast instanceof AlibiError ? null : this.forecast?.unfinished;
    return unfinishedIn(this.#failure) ?? known ?? null;
  }

  /** Whether labels of that name are there, as far as is known. */
  get #isTaken(): boolean {
    const isThere = !(this.forecast instanceof AlibiError) && this.forecast?.taken === true;
    return isThere || this.#failure?.data.taken === true;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog');
  }

  /** What was allowed or refused at another place means nothing here. */
  protected override willUpdate(changed: PropertyValues): void {
    if (!['name', 'target', 'address'].some((name) => changed.has(name))) return;
    this.overwrite = false;
    this.forecast = null;
    if (this.#failure !== null && this.state.kind === 'asking') this.state = { ...this.state, error: null };
  }

  protected override updated(changed: PropertyValues): void {
    const asks = ['name', 'target', 'version', 'compression', 'sharded'].some((name) => changed.has(name));
    if (this.state.kind === 'asking' && (asks || changed.has('state'))) void this.#ask(this.state.layer);
  }

  /** What would be written, and what is there; asked again when an answer changes. */
  async #ask(layer: Layer): Promise<void> {
    const { workspace } = this.#workspace;
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    if (workspace === null || nameProblem(this.name) !== null) return;
    try {
      // Typing is not answered letter by letter.
      await wait(patienceMs, signal);
      const place = await targetToAsk(this.target, workspace.session.image);
      const options = { ...this.#encoding(workspace.session.image), name: this.name, signal };
      const forecast = await workspace.session.forecast(
        layer,
        place === undefined ? options : { ...options, target: place },
      );
      if (!signal.aborted) this.forecast = forecast;
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.forecast = asAlibiError(error, `labels/${this.name}`);
    }
  }

  #encoding(image: OmeImage): Pick<SaveOptions, 'version' | 'compression' | 'sharded'> {
    const version = versionOfPlace(this.target, image) ?? this.version;
    const sharded = version === '0.4' ? null : this.sharded;
    return { version, compression: this.compression, ...(sharded === null ? {} : { sharded }) };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.state.kind === 'saving') this.state.abort.abort();
    this.state = { kind: 'closed' };
  }

  async #save(layer: Layer): Promise<void> {
    const { workspace } = this.#workspace;
    if (workspace === null || this.#problem !== null) return;
    const [abort, pause] = [new AbortController(), createPause()];
    const unfinished = this.#unfinished;
    const isTaken = this.#isTaken;
    const isArchive = this.target === 'archive';
    try {
      // Pickers answer to the click, so they come first.
      const file = isArchive ? await pickArchive(this.name) : null;
      const target = await openTarget(this.target, workspace.session.image, this.address);
      if (target === undefined) return;
      this.state = { kind: 'saving', layer, progress: null, abort, pause };
      const resume = this.resume && (isArchive || unfinished !== null);
      const saved = await workspace.session.save(layer, {
        ...this.#encoding(workspace.session.image),
        name: this.name,
        target,
        // What is staged for a download is nobody else's; labels that are there are not thrown away with an interrupted save.
        overwrite: this.overwrite || isArchive || (unfinished !== null && !resume && !isTaken),
        resume,
        keepReplaced: true,
        signal: abort.signal,
        pause,
        onProgress: (progress) => {
          this.state = { kind: 'saving', layer, progress, abort, pause };
        },
      });
      const result = isArchive
        ? await packSaved(saved, target, { name: this.name, file, signal: abort.signal })
        : saved;
      this.#close();
      const detail: SavedDetail = { layer, name: this.name, result };
      this.dispatchEvent(new CustomEvent('az-saved', { detail, bubbles: true, composed: true }));
    } catch (error) {
      if (this.state.kind === 'closed') return;
      const failure = isAbort(error) ? null : asAlibiError(error, `labels/${this.name}`);
      this.state = { kind: 'asking', layer, error: failure };
      if (failure !== null)
        this.dispatchEvent(
          new CustomEvent('az-save-failed', { detail: failure, bubbles: true, composed: true }),
        );
    }
  }

  #close(): void {
    if (this.state.kind === 'saving') this.state.abort.abort();
    this.state = { kind: 'closed' };
    this.#dialog?.close();
  }

  protected override render() {
    const { state } = this;
    const { workspace } = this.#workspace;
    return html`<dialog
      aria-labelledby="title"
      @cancel=${(event: Event) => {
        event.preventDefault();
        this.#close();
      }}
    >
      ${
        state.kind === 'closed' || workspace === null
          ? nothing
          : html`<form
              @submit=${(event: Event) => {
                event.preventDefault();
                if (state.kind === 'asking') void this.#save(state.layer);
              }}
            >
              <h2 id="title">Save “${state.layer.name}” as labels</h2>
              ${state.kind === 'asking' ? this.#questions(state.error) : saveProgress(state.progress, state.pause.isPaused)}
              <div class="actions">
                ${state.kind === 'saving' ? this.#pauseButton(state) : nothing}
                <button type="button" @click=${() => (state.kind === 'saving' ? state.abort.abort() : this.#close())}>Cancel</button>
                ${
                  state.kind === 'asking'
                    ? html`<button class="primary" ?disabled=${this.#problem !== null}>
                        ${this.target === 'folder' ? 'Choose folder…' : 'Save'}
                      </button>`
                    : nothing
                }
              </div>
            </form>`
      }
    </dialog>`;
  }

  #questions(error: AlibiError | null) {
    const image = this.#workspace.workspace?.session.image;
    if (image === undefined) return nothing;
    const problem = nameProblem(this.name);
    return html`
      <label class="field">
        <span>Name</span>
        <input id="name" type="text" autocomplete="off" spellcheck="false" .value=${this.name}
          aria-invalid=${problem !== null} aria-describedby="problem"
          @input=${(event: Event) => {
            if (event.target instanceof HTMLInputElement) this.name = event.target.value.trim();
          }} />
        <span id="problem" class=${problem === null ? '' : 'problem'}>${problem ?? `labels/${this.name}`}</span>
      </label>
      ${placeFields(this, { image, change: (part) => Object.assign(this, part) })}
      ${
        this.#isTaken || error?.tag === 'Conflict'
          ? html`<label class="row small">
              <input id="overwrite" type="checkbox" .checked=${this.overwrite}
                @change=${(event: Event) => {
                  if (event.target instanceof HTMLInputElement) this.overwrite = event.target.checked;
                }} />
              Replace labels of that name
            </label>`
          : nothing
      }
      ${this.#formatFields(image)}
      ${this.#plan()}
      ${error === null ? nothing : html`<div class="error small" role="alert"><b>${sentence(error.what)}</b> (${error.where}). ${withoutFlag(error.remedy)}</div>`}
    `;
  }

  #formatFields(image: OmeImage) {
    const own = versionOfPlace(this.target, image);
    const { compression, sharded } = this;
    const change = (part: Partial<SaveFormat>) => Object.assign(this, part);
    return formatFields(
      { version: own ?? this.version, compression, sharded },
      { hasVersion: own !== null, change },
    );
  }

  /** What will be written, and whether a save of it was interrupted. */
  #plan() {
    if (nameProblem(this.name) !== null) return nothing;
    const { forecast } = this;
    const unfinished = this.#unfinished;
    const plan =
      forecast === null
        ? nothing
        : forecast instanceof AlibiError
          ? html`<div class="error small" role="status"><b>${sentence(forecast.what)}</b>. ${withoutFlag(forecast.remedy)}</div>`
          : html`<div class="plan small" role="status">${forecastText(forecast)}</div>`;
    return html`${plan}${
      unfinished === null
        ? nothing
        : html`<div class="plan small">${unfinishedText(unfinished)}
            <label class="row"><input id="resume" type="checkbox" .checked=${this.resume}
              @change=${(event: Event) => {
                if (event.target instanceof HTMLInputElement) this.resume = event.target.checked;
              }} />Continue it; otherwise it is thrown away</label></div>`
    }`;
  }

  /** While there is a chunk left to hold up. */
  #pauseButton({ pause, progress }: Extract<SaveState, { kind: 'saving' }>) {
    if (progress === null || progress.done === progress.total) return nothing;
    return html`<button
      id="pause"
      type="button"
      title=${pause.isPaused ? 'Go on where it was' : 'Begin no further chunk until it is resumed'}
      @click=${() => {
        if (pause.isPaused) pause.resume();
        else pause.pause();
        this.requestUpdate();
      }}
    >${pause.isPaused ? 'Resume' : 'Pause'}</button>`;
  }
}
