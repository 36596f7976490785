import { css, html, LitElement, nothing } from 'lit';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { icons } from './icons.ts';
import { inputValue } from './input-value.ts';
import { pointAt } from './prompts.ts';
import { RunningTask } from './running-task.ts';
import { SeedClass, seeded, seedPlaces } from './seeds.ts';
import { theme } from './theme.ts';

/** How alike something must be for strokes to be put into it, in percent. */
const leastRange = { least: 10, most: 95, first: 50 } as const;

/** "More like this": what was pointed at, and strokes made of it. Shown while its tool is in hand or something is pointed at. */
export class AlibiZarrSimilarity extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: block; }
      .row { display: flex; align-items: center; gap: 4px; }
      .row > span { flex: 1; }
      .least { display: grid; grid-template-columns: auto 1fr 36px; gap: 6px; align-items: center; }
      .least, .seeds { margin-top: 4px; }
      .seeds { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
      .seeds button, .seeds select { height: 26px; min-width: 0; padding: 0 6px; font-size: 12px; }
      p { margin: 4px 0 0; }
    `,
  ];
  static override properties = {
    least: { state: true },
    note: { state: true },
  };
  /** Percent. */
  declare least: number;
  declare note: string;
  readonly #workspace = new WorkspaceController(this);
  readonly #into = new SeedClass(this);
  readonly #task = new RunningTask(this);

  constructor() {
    super();
    this.least = leastRange.first;
    this.note = '';
  }

  protected override willUpdate(): void {
    const { workspace } = this.#workspace;
    this.hidden = workspace === null || !isOfUse(workspace);
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null || !isOfUse(workspace)) return nothing;
    const { session } = workspace;
    const { prompts } = session.similarity;
    if (prompts.length === 0) {
      return html`<p class="small muted" role="status">
        Click on what you look for. The right button, on what it is not.
      </p>`;
    }
    const like = prompts.filter(({ isLike }) => isLike).length;
    const isShown = session.layers.some(({ kind, outdated }) => kind === 'similarity' && !outdated);
    return html`
      <div class="row small">
        <span id="prompts">${like} like this, ${prompts.length - like} not</span>
        <button class="icon" aria-label="Take the last place back" title="Take the last place back" @click=${() => pointAt(workspace, prompts.slice(0, -1))}>${icons.undo}</button>
        <button class="icon" aria-label="Point at nothing" title="Point at nothing" @click=${() => pointAt(workspace, [])}>${icons.remove}</button>
      </div>
      <label class="least small">
        At least
        <input
          type="range"
          min=${leastRange.least}
          max=${leastRange.most}
          .value=${String(this.least)}
          @input=${(event: Event) => {
            this.least = Number(inputValue(event));
          }}
        />
        ${this.least} %
      </label>
      <div class="seeds">
        <button
          id="similar-strokes"
          title="Put small strokes well inside what is alike, over what is in view, to train on"
          ?disabled=${!isShown || this.#task.isBusy}
          @click=${() => this.#useAsStrokes(workspace)}
        >Use as strokes</button>
        ${this.#into.select(session)}
      </div>
      ${this.note === '' ? nothing : html`<p role="status" class="small muted">${this.note}</p>`}
    `;
  }

  #useAsStrokes(workspace: Workspace): Promise<void> {
    const { session } = workspace;
    this.note = '';
    return this.#task.run(async (signal) => {
      const made = await session.similarity.useAsStrokes({
        ...{ classIndex: this.#into.of(session), least: this.least / 100, signal },
        ...seedPlaces(workspace),
      });
      this.note = seeded(workspace, made);
    });
  }
}

function isOfUse({ session, display }: Workspace): boolean {
  return display.state.tool === 'similar' || session.similarity.prompts.length > 0;
}
