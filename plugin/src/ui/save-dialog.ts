import { css, html, LitElement, nothing } from 'lit';
import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { Progress } from '../pipeline/pipeline.ts';
import type { Layer, SaveResult } from '../session-types.ts';
import { WorkspaceController } from './contexts.ts';
import { nameProblem, openTarget, saveTargets, type TargetKind } from './save-targets.ts';
import { theme } from './theme.ts';
import { duration, sentence } from './words.ts';

type SaveState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'asking'; readonly layer: Layer; readonly error: AlibiError | null }
  | {
      readonly kind: 'saving';
      readonly layer: Layer;
      readonly progress: Progress | null;
      readonly abort: AbortController;
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
  static override styles = [
    theme,
    css`
      dialog { width: min(420px, calc(100vw - 32px)); padding: 0; border: 1px solid var(--az-line); border-radius: 10px; background: var(--az-surface); color: var(--az-text); font: inherit; box-shadow: 0 20px 60px rgb(0 0 0 / 60%); }
      dialog::backdrop { background: rgb(0 0 0 / 55%); }
      form { display: grid; gap: 14px; padding: 18px; }
      h2 { font-size: 15px; font-weight: 600; }
      .field { display: grid; gap: 4px; }
      .field > span { color: var(--az-muted); font-size: 12px; }
      fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: 6px; }
      legend { color: var(--az-muted); font-size: 12px; padding: 0; margin-bottom: 4px; }
      .target { display: grid; grid-template-columns: auto 1fr; gap: 0 10px; align-items: center; padding: 8px 10px; border: 1px solid var(--az-line); border-radius: var(--az-radius); cursor: pointer; }
      .target:has(:checked) { border-color: var(--az-accent); background: color-mix(in srgb, var(--az-accent) 9%, transparent); }
      .target.off { opacity: 0.5; cursor: default; }
      .target .text { grid-column: 2; color: var(--az-muted); font-size: 12px; overflow-wrap: anywhere; }
      .problem { color: var(--az-bad); font-size: 12px; min-height: 17px; }
      .error { padding: 8px 10px; border-radius: var(--az-radius); border: 1px solid color-mix(in srgb, var(--az-bad) 45%, transparent); background: color-mix(in srgb, var(--az-bad) 12%, transparent); overflow-wrap: anywhere; }
      .actions { display: flex; justify-content: flex-end; gap: 8px; align-items: center; }
      progress { width: 100%; height: 6px; appearance: none; border: 0; border-radius: 3px; overflow: hidden; }
      progress::-webkit-progress-bar { background: var(--az-line); }
      progress::-webkit-progress-value { background: var(--az-accent); }
      progress::-moz-progress-bar { background: var(--az-accent); }
    `,
  ];
  static override properties = {
    state: { state: true },
    name: { state: true },
    target: { state: true },
    overwrite: { state: true },
  };
  declare state: SaveState;
  declare name: string;
  declare target: TargetKind;
  declare overwrite: boolean;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.state = { kind: 'closed' };
    this.name = '';
    this.target = 'image';
    this.overwrite = false;
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
    void this.updateComplete.then(() => {
      this.#dialog?.showModal();
      this.renderRoot.querySelector<HTMLInputElement>('#name')?.select();
    });
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.state.kind === 'saving') this.state.abort.abort();
    this.state = { kind: 'closed' };
  }

  async #save(layer: Layer): Promise<void> {
    const { workspace } = this.#workspace;
    if (workspace === null || nameProblem(this.name) !== null) return;
    const abort = new AbortController();
    try {
      const target = await openTarget(this.target, workspace.session.image);
      this.state = { kind: 'saving', layer, progress: null, abort };
      const result = await workspace.session.save(layer, {
        name: this.name,
        ...(target === undefined ? {} : { target }),
        overwrite: this.overwrite,
        signal: abort.signal,
        onProgress: (progress) => {
          this.state = { kind: 'saving', layer, progress, abort };
        },
      });
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
              ${state.kind === 'asking' ? this.#questions(state.error) : this.#progress(state.progress)}
              <div class="actions">
                <button type="button" @click=${() => (state.kind === 'saving' ? state.abort.abort() : this.#close())}>Cancel</button>
                ${
                  state.kind === 'asking'
                    ? html`<button class="primary" ?disabled=${nameProblem(this.name) !== null}>
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
    const exists = image.labels.some(({ name }) => name === this.name) && this.target === 'image';
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
      <fieldset>
        <legend>Where</legend>
        ${saveTargets(image).map(
          ({ kind, title, text, unavailable }) => html`<label class="target ${unavailable ? 'off' : ''}">
            <input type="radio" name="target" value=${kind} ?disabled=${unavailable !== undefined}
              .checked=${this.target === kind} @change=${() => (this.target = kind)} />
            <span>${title}</span><span class="text">${unavailable ?? text}</span>
          </label>`,
        )}
      </fieldset>
      ${
        exists || error?.tag === 'Conflict' || error?.tag === 'InvalidInput'
          ? html`<label class="row small">
              <input type="checkbox" .checked=${this.overwrite}
                @change=${(event: Event) => {
                  if (event.target instanceof HTMLInputElement) this.overwrite = event.target.checked;
                }} />
              Replace labels of that name
            </label>`
          : nothing
      }
      ${error === null ? nothing : html`<div class="error small" role="alert"><b>${sentence(error.what)}</b> (${error.where}). ${withoutFlag(error.remedy)}</div>`}
    `;
  }

  #progress(progress: Progress | null) {
    const share = progress === null || progress.total === 0 ? null : progress.done / progress.total;
    return html`<div class="field" role="status">
      <progress max="1" aria-label="Saving" .value=${share ?? nothing}></progress>
      <span>
        ${progress === null ? 'Starting…' : `${progress.done} of ${progress.total} chunks`}${
          progress?.etaMs === undefined ? '' : ` · about ${duration(progress.etaMs)} left`
        }
      </span>
    </div>`;
  }
}

/** A flag of the command line means nothing here. */
function withoutFlag(remedy: string): string {
  return remedy.replace(/ \(--[\w-]+\)/, '');
}
