import { css, html, LitElement, nothing } from 'lit';
import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { Replaced } from '../labels/replaced-label.ts';
import { WorkspaceController } from './contexts.ts';
import { nameProblem } from './save-targets.ts';
import { theme } from './theme.ts';
import { sentence, withoutFlag } from './words.ts';

type LabelState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'asking'; readonly name: string; readonly error: AlibiError | null }
  | { readonly kind: 'working'; readonly name: string };

export interface LabelChangedDetail {
  /** What was done: `Deleted labels/a`. */
  readonly title: string;
  readonly replaced: Replaced;
}

/**
 * Renames or deletes a label image, after it has asked.
 *
 * @fires az-label-changed  detail: LabelChangedDetail; it can be undone until `replaced.remove` is called
 */
export class AlibiZarrLabelsDialog extends LitElement {
  static override styles = [
    theme,
    css`
      dialog { width: min(360px, calc(100vw - 32px)); padding: 18px; border: 1px solid var(--az-line); border-radius: 10px; background: var(--az-surface); color: var(--az-text); font: inherit; }
      dialog::backdrop { background: rgb(0 0 0 / 55%); }
      form { display: grid; gap: 14px; }
      h2 { font-size: 15px; font-weight: 600; overflow-wrap: anywhere; }
      .field { display: grid; gap: 4px; }
      .actions { display: flex; justify-content: flex-end; gap: 8px; }
      .error { color: var(--az-bad); font-size: 12px; overflow-wrap: anywhere; }
    `,
  ];
  static override properties = { state: { state: true }, to: { state: true } };
  declare state: LabelState;
  declare to: string;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.state = { kind: 'closed' };
    this.to = '';
  }

  /** Ask what is to become of a label image. */
  open(name: string): void {
    this.state = { kind: 'asking', name, error: null };
    this.to = name;
    void this.updateComplete.then(() => this.renderRoot.querySelector('dialog')?.showModal());
  }

  #close(): void {
    this.state = { kind: 'closed' };
    this.renderRoot.querySelector('dialog')?.close();
  }

  async #change(name: string, what: 'rename' | 'delete'): Promise<void> {
    const session = this.#workspace.workspace?.session;
    if (session === undefined) return;
    this.state = { kind: 'working', name };
    const { to } = this;
    try {
      const replaced = await (what === 'rename' ? session.renameLabel(name, to) : session.deleteLabel(name));
      this.#close();
      const title = what === 'rename' ? `Renamed labels/${name} to labels/${to}` : `Deleted labels/${name}`;
      const detail: LabelChangedDetail = { title, replaced };
      this.dispatchEvent(new CustomEvent('az-label-changed', { detail, bubbles: true, composed: true }));
    } catch (error) {
      if (isAbort(error)) return this.#close();
      this.state = { kind: 'asking', name, error: asAlibiError(error, `labels/${name}`) };
    }
  }

  protected override render() {
    const { state, to } = this;
    if (state.kind === 'closed') return html`<dialog></dialog>`;
    const { name } = state;
    const busy = state.kind === 'working';
    const problem = nameProblem(to);
    return html`<dialog aria-labelledby="title" @cancel=${(event: Event) => {
      event.preventDefault();
      this.#close();
    }}>
      <form @submit=${(event: Event) => {
        event.preventDefault();
        if (!busy && problem === null && to !== name) void this.#change(name, 'rename');
      }}>
        <h2 id="title">labels/${name}</h2>
        <label class="field"><span>Name</span>
          <input id="to" type="text" autocomplete="off" spellcheck="false" .value=${to} ?disabled=${busy}
            @input=${(event: Event) => {
              if (event.target instanceof HTMLInputElement) this.to = event.target.value.trim();
            }} />
        </label>
        ${problem === null ? nothing : html`<span class="error">${problem}</span>`}
        ${
          state.kind === 'asking' && state.error !== null
            ? html`<span class="error" role="alert">${sentence(state.error.what)}. ${withoutFlag(state.error.remedy)}</span>`
            : nothing
        }
        <div class="actions">
          <button type="button" ?disabled=${busy} @click=${() => void this.#change(name, 'delete')}>Delete</button>
          <button type="button" @click=${() => this.#close()}>Cancel</button>
          <button class="primary" ?disabled=${busy || problem !== null || to === name}>Rename</button>
        </div>
      </form>
    </dialog>`;
  }
}
