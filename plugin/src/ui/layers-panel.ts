import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { isAbort } from '../errors.ts';
import { holdsLabels } from '../session-layers.ts';
import type { Layer } from '../session-types.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { layerKey } from './display.ts';
import { icons } from './icons.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

/**
 * The layers on top of the image and the labels that could be.
 *
 * @fires az-save  a layer's save button; detail: Layer
 * @fires az-change-label  rename or delete a label image of the image; detail: its name
 */
export class AlibiZarrLayers extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      ul { list-style: none; margin: 0; padding: 0; }
      li { display: grid; gap: 0; padding: 2px 0; }
      li + li { border-top: 1px solid color-mix(in srgb, var(--az-line) 60%, transparent); }
      .tools { display: flex; align-items: center; gap: 2px; padding: 0 0 2px 34px; }
      .tools input { flex: 1; min-width: 60px; margin-right: 4px; }
      .off .name { color: var(--az-muted); }
      .kind { width: 8px; height: 8px; border-radius: 2px; flex: none; background: var(--az-accent); }
      .kind.pca { background: conic-gradient(#e05a6d, #d8b24a, #5fbf77, #4aa3d8, #a06fd8, #e05a6d); }
      .kind.similarity, .kind.uncertainty { background: linear-gradient(90deg, #7b3fa0, #f0c63c); }
      .kind.clusters { background: linear-gradient(90deg, #e69f00 50%, #56b4e9 50%); }
      .kind.instances { background: conic-gradient(#e05a6d 25%, #5fbf77 25% 50%, #4aa3d8 50% 75%, #d8b24a 75%); }
      .kind.edited { background: none; border: 1.5px dashed var(--az-accent); }
      .kind.label { background: none; border: 1.5px solid var(--az-muted); }
      .stored { margin-top: 8px; display: flex; flex-wrap: wrap; gap: 6px; }
      .stored button { height: 24px; font-size: 12px; max-width: 100%; }
      .empty { color: var(--az-muted); font-size: 12px; }
      button.icon { width: 26px; height: 26px; }
      button.outlines[aria-pressed='true'] { color: var(--az-accent); }
    `,
  ];
  static override properties = { isOpen: { state: true } };
  /** Whether the clusters of the clustering are listed. */
  declare isOpen: boolean;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.isOpen = false;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { session } = workspace;
    const opened = new Set(session.layers.filter(({ kind }) => kind === 'label').map(({ name }) => name));
    const stored = session.image.labels.filter(({ name }) => !opened.has(name));
    return html`
      ${sectionHeader('Layers')}
      ${
        session.layers.length === 0
          ? html`<p class="empty">Nothing yet: switch on Features, cluster, or paint two classes.</p>`
          : html`<ul aria-label="Layers, topmost first">
              ${repeat([...session.layers].reverse(), layerKey, (layer) => this.#layer(workspace, layer))}
            </ul>`
      }
      ${
        stored.length > 0
          ? html`<div class="stored" role="group" aria-label="Labels in the image">
              ${stored.map(
                ({ name }) =>
                  html`<button title=${`Show labels/${name}`} @click=${() => this.#open(workspace, name)}>
                    ${icons.plus}<span class="clip">${name}</span>
                  </button>`,
              )}
            </div>`
          : nothing
      }
    `;
  }

  #layer(workspace: Workspace, layer: Layer) {
    const { session, display } = workspace;
    const key = layerKey(layer);
    const { visible, opacity, outlines } = display.layer(key);
    const pending = display.state.pending.get(layer.id) ?? 0;
    return html`<li class=${visible ? '' : 'off'}>
      <div class="row">
        <button
          class="icon"
          aria-pressed=${visible}
          aria-label=${`Show ${layer.name}`}
          @click=${() => display.setLayer(key, { visible: !visible })}
        >${visible ? icons.eye : icons.eyeOff}</button>
        <span class="kind ${layer.kind}"></span>
        <span class="grow clip name" title=${layer.name}>${layer.name}${layer.outdated ? (layer.kind === 'instances' ? ' · of an earlier segmentation' : ' · updating…') : ''}</span>
        ${pending > 0 ? html`<span class="small muted" title="Tiles to go in this view">${pending}…</span>` : nothing}
        <button
          class="icon"
          aria-label=${`Remove ${layer.name}`}
          title="Remove"
          @click=${() => session.removeLayer(layer.id)}
        >${icons.remove}</button>
      </div>
      <div class="tools">
        <input
          type="range"
          min="0"
          max="1"
          step="0.01"
          title="Opacity"
          aria-label=${`Opacity of ${layer.name}`}
          .value=${String(opacity)}
          @input=${(event: Event) =>
            event.target instanceof HTMLInputElement &&
            display.setLayer(key, { opacity: Number(event.target.value), visible: true })}
        />
        ${
          !holdsLabels(layer)
            ? nothing
            : html`<button
                class="icon outlines"
                aria-pressed=${outlines}
                aria-label=${`Outlines of ${layer.name}`}
                title="Outlines"
                @click=${() => display.setLayer(key, { outlines: !outlines })}
              >${icons.outline}</button>`
        }
        ${
          layer.derived && holdsLabels(layer)
            ? html`<button
                class="icon"
                aria-label=${`Save ${layer.name}`}
                title="Save as labels"
                @click=${() => this.dispatchEvent(new CustomEvent('az-save', { detail: layer, bubbles: true, composed: true }))}
              >${icons.save}</button>`
            : nothing
        }
        ${
          !holdsLabels(layer)
            ? nothing
            : html`<button
                class="icon"
                aria-label=${`Edit ${layer.name} by hand`}
                title="Edit by hand: brush, fill, merge, split"
                ?disabled=${layer.outdated}
                @click=${() => this.#edit(workspace, layer)}
              >${icons.paint}</button>`
        }
        ${
          layer.kind === 'clusters'
            ? html`<button
                class="icon"
                id="list-clusters"
                aria-expanded=${this.isOpen}
                aria-label=${`List ${layer.name}`}
                title="Name and merge clusters, make strokes of them"
                @click=${() => {
                  this.isOpen = !this.isOpen;
                }}
              >${icons.layers}</button>`
            : nothing
        }
        ${
          layer.kind === 'label'
            ? html`<button
                class="icon"
                aria-label=${`Rename or delete labels/${layer.name}`}
                title="Rename or delete"
                @click=${() => this.dispatchEvent(new CustomEvent('az-change-label', { detail: layer.name, bubbles: true, composed: true }))}
              >${icons.change}</button>`
            : nothing
        }
      </div>
      ${layer.kind === 'clusters' && this.isOpen ? html`<alibi-zarr-clusters .layer=${layer}></alibi-zarr-clusters>` : nothing}
    </li>`;
  }

  async #edit({ session, display }: Workspace, layer: Layer): Promise<void> {
    try {
      const made = await session.editing.start(layer);
      // What is beneath would show through what was erased.
      if (made !== layer) display.setLayer(layerKey(layer), { visible: false });
      display.setLayer(layerKey(made), { visible: true });
    } catch (error) {
      // The session has announced every other failure as an `error` event.
      if (!isAbort(error)) this.requestUpdate();
    }
  }

  async #open({ session }: Workspace, name: string): Promise<void> {
    try {
      await session.openLabel(name);
    } catch (error) {
      // The session has announced every other failure as an `error` event.
      if (!isAbort(error)) this.requestUpdate();
    }
  }
}
