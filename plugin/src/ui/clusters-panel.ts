import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatHexColor, paletteColor } from '../session-colors.ts';
import type { Layer } from '../session-types.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { icons } from './icons.ts';
import { inputValue } from './input-value.ts';
import { RunningTask } from './running-task.ts';
import { SeedClass, seeded, seedPlaces } from './seeds.ts';
import { theme } from './theme.ts';

/** The clusters of a layer: named, merged, and turned into strokes of a class. */
export class AlibiZarrClusters extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: block; padding: 2px 6px 6px 34px; }
      ul { list-style: none; margin: 0 0 6px; padding: 0; max-height: 200px; overflow: auto; scrollbar-width: thin; scrollbar-color: var(--az-line) transparent; }
      li { display: flex; align-items: center; gap: 6px; height: 26px; }
      li input[type='text'] { flex: 1; min-width: 0; height: 24px; background: none; border-color: transparent; }
      li input[type='text']:hover, li input[type='text']:focus { border-color: var(--az-line); }
      i { width: 10px; height: 10px; border-radius: 2px; flex: none; }
      .actions { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
      #merge-clusters { grid-column: 1 / -1; }
      .actions button, .actions select { height: 26px; min-width: 0; padding: 0 6px; font-size: 12px; }
      p { margin: 6px 0 0; }
    `,
  ];
  static override properties = {
    layer: { attribute: false },
    chosen: { state: true },
    note: { state: true },
  };
  declare layer: Layer | null;
  declare chosen: ReadonlySet<number>;
  declare note: string;
  readonly #workspace = new WorkspaceController(this);
  readonly #into = new SeedClass(this);
  readonly #task = new RunningTask(this);
  #shownId: string | null = null;

  constructor() {
    super();
    this.layer = null;
    this.chosen = new Set();
    this.note = '';
  }

  protected override willUpdate(): void {
    // Ids of another clustering are of other things.
    if (this.layer !== null && this.layer.id !== this.#shownId) {
      this.#shownId = this.layer.id;
      this.chosen = new Set();
    }
  }

  protected override render() {
    const { workspace } = this.#workspace;
    const { layer, chosen } = this;
    if (workspace === null || layer === null) return nothing;
    const { session } = workspace;
    return html`
      <ul aria-label=${`Clusters of ${layer.name}`}>
        ${repeat(
          layer.names,
          ([id]) => id,
          ([id, name]) => this.#cluster(workspace, layer, id, name),
        )}
      </ul>
      <div class="actions">
        <button
          id="merge-clusters"
          title="Make the chosen clusters one"
          ?disabled=${chosen.size < 2 || this.#task.isBusy}
          @click=${() => this.#merge(workspace, layer)}
        >${icons.merge} Merge</button>
        <button
          id="cluster-strokes"
          title="Put small strokes well inside the chosen cluster, over what is in view, to train on"
          ?disabled=${chosen.size !== 1 || this.#task.isBusy}
          @click=${() => this.#useAsStrokes(workspace, layer)}
        >Use as strokes</button>
        ${this.#into.select(session)}
      </div>
      <p role="status" class="small muted">${this.note || 'Choose one to make strokes of it, several to merge.'}</p>
    `;
  }

  #cluster({ session }: Workspace, layer: Layer, id: number, name: string) {
    const color = formatHexColor(layer.colors.get(id) ?? paletteColor(id));
    return html`<li>
      <input
        type="checkbox"
        aria-label=${`Choose ${name}`}
        .checked=${this.chosen.has(id)}
        @change=${() => {
          this.chosen = this.chosen.has(id)
            ? new Set([...this.chosen].filter((other) => other !== id))
            : new Set([...this.chosen, id]);
        }}
      />
      <i .style=${`background: #${color}`}></i>
      <input
        type="text"
        aria-label=${`Name of cluster ${id}`}
        .value=${name}
        @change=${(event: Event) => session.clustering.rename(layer, id, inputValue(event).trim() || `Cluster ${id}`)}
      />
    </li>`;
  }

  #merge({ session }: Workspace, layer: Layer): Promise<void> {
    return this.#run(async () => {
      const count = this.chosen.size;
      await session.clustering.merge(layer, [...this.chosen]);
      return `${count} clusters are one. Cluster again to have them apart.`;
    });
  }

  async #useAsStrokes(workspace: Workspace, layer: Layer): Promise<void> {
    const [id] = this.chosen;
    if (id === undefined) return;
    const { session } = workspace;
    await this.#run(async () => {
      const options = { classIndex: this.#into.of(session), ...seedPlaces(workspace) };
      return seeded(workspace, await session.clustering.useAsStrokes(layer, id, options));
    });
  }

  /** @param task  gives what is to be said once it is done; closing the list does not stop it */
  #run(task: () => Promise<string>): Promise<void> {
    this.note = '';
    return this.#task.run(async () => {
      this.note = await task();
    });
  }
}
