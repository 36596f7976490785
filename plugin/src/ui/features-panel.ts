import { css, html, LitElement, nothing } from 'lit';
import { isAbort } from '../errors.ts';
import type { EncoderStatus } from '../session-types.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { detailSelect } from './detail-select.ts';
import { layerKey } from './display.ts';
import { icons } from './icons.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';
import { byteSize, duration, providerName } from './words.ts';

const clusterRange = { least: 2, most: 32, first: 6 } as const;

/** What the transformer sees: feature colours, clusters, and where it runs. */
export class AlibiZarrFeatures extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .actions { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
      .cluster { display: flex; }
      .cluster button { flex: 1; border-radius: var(--az-radius) 0 0 var(--az-radius); }
      .cluster input { width: 46px; padding: 0 0 0 8px; border-left: 0; border-radius: 0 var(--az-radius) var(--az-radius) 0; }
      .detail { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 10px; align-items: center; color: var(--az-muted); }
      .detail select { width: 100%; height: 26px; font-size: 12px; color: var(--az-text); }
      progress { width: 100%; height: 4px; appearance: none; border: 0; border-radius: 2px; overflow: hidden; background: var(--az-line); display: block; }
      progress::-webkit-progress-bar { background: var(--az-line); }
      progress::-webkit-progress-value { background: var(--az-accent); }
      progress::-moz-progress-bar { background: var(--az-accent); }
      details summary { cursor: pointer; color: var(--az-muted); list-style: none; display: flex; gap: 6px; align-items: baseline; }
      details summary::before { content: '●'; font-size: 9px; color: var(--az-good); }
      details.warn summary::before { color: var(--az-warn); }
      details.bad summary::before { color: var(--az-bad); }
      details summary::-webkit-details-marker { display: none; }
      details ul { margin: 6px 0 0; padding: 0 0 0 16px; color: var(--az-muted); }
      details li { margin: 2px 0; overflow-wrap: anywhere; }
    `,
  ];
  static override properties = { clusters: { state: true }, busy: { state: true } };
  declare clusters: number;
  declare busy: 'pca' | 'clusters' | null;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.clusters = clusterRange.first;
    this.busy = null;
  }

  /** Turn the feature colours on, or off where they are on. */
  async toggleFeatures(): Promise<void> {
    const { workspace } = this.#workspace;
    if (workspace === null || workspace.session.encoder.kind !== 'ready' || this.busy !== null) return;
    const { session, display } = workspace;
    const layer = session.layers.find(({ kind }) => kind === 'pca');
    if (layer !== undefined) {
      display.setLayer(layerKey(layer), { visible: !display.layer(layerKey(layer)).visible });
      return;
    }
    await this.#run('pca', () => session.pca());
  }

  async #cluster(): Promise<void> {
    const { workspace } = this.#workspace;
    if (workspace === null) return;
    const level = workspace.display.state.detail;
    await this.#run('clusters', () =>
      workspace.session.clusters({ k: this.clusters, ...(level === null ? {} : { level }) }),
    );
  }

  async #run(what: 'pca' | 'clusters', task: () => Promise<unknown>): Promise<void> {
    this.busy = what;
    try {
      await task();
    } catch (error) {
      // The session has announced every other failure as an `error` event.
      if (!isAbort(error)) this.requestUpdate();
    } finally {
      this.busy = null;
    }
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { session, display } = workspace;
    const isReady = session.encoder.kind === 'ready';
    const layer = session.layers.find(({ kind }) => kind === 'pca');
    const isOn = layer !== undefined && display.layer(layerKey(layer)).visible;
    return html`
      ${sectionHeader('Transformer')}
      <div class="stack">
        <div class="actions">
          <button
            id="features"
            part="features-button"
            class=${isReady && layer === undefined ? 'primary' : ''}
            aria-pressed=${isOn}
            ?disabled=${!isReady || this.busy !== null}
            title="Colour the image by what the transformer sees (C)"
            @click=${() => this.toggleFeatures()}
          >${icons.features} ${this.busy === 'pca' ? 'Fitting…' : 'Features'}</button>
          <div class="cluster">
            <button
              id="cluster"
              ?disabled=${!isReady || this.busy !== null}
              title="Group the image into k kinds of texture, without strokes"
              @click=${() => this.#cluster()}
            >${this.busy === 'clusters' ? 'Clustering…' : 'Cluster'}</button>
            <input
              type="number"
              aria-label="Number of clusters"
              ?disabled=${!isReady}
              min=${clusterRange.least}
              max=${clusterRange.most}
              .value=${String(this.clusters)}
              @change=${(event: Event) => this.#setClusters(event)}
            />
          </div>
        </div>
        <button
          id="similar"
          aria-pressed=${display.state.tool === 'similar'}
          ?disabled=${!isReady}
          title="Colour the image by how like it is to where you click (X)"
          @click=${() => display.update({ tool: display.state.tool === 'similar' ? 'pan' : 'similar' })}
        >${icons.similar} More like this</button>
        <alibi-zarr-similarity></alibi-zarr-similarity>
        ${detailSelect(workspace)} ${this.#status(session.encoder)} ${this.#remaining(workspace)}
      </div>
    `;
  }

  #setClusters(event: Event): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    const { least, most } = clusterRange;
    this.clusters = Math.min(most, Math.max(least, Math.round(event.target.valueAsNumber || least)));
    event.target.value = String(this.clusters);
  }

  #status(encoder: EncoderStatus) {
    switch (encoder.kind) {
      case 'none':
        return html`<p class="small muted">No model is open: the image can be looked at, nothing is computed.</p>`;
      case 'loading': {
        const { bytes, totalBytes } = encoder;
        return html`<div role="status" class="small muted">
          Loading the model${totalBytes > 0 ? html` · ${byteSize(bytes)} of ${byteSize(totalBytes)}` : '…'}
          <progress aria-label="Loading the model" max="1" .value=${totalBytes > 0 ? bytes / totalBytes : 0}></progress>
        </div>`;
      }
      case 'testing':
        return html`<p role="status" class="small muted">Checking the transformer on this device…</p>`;
      case 'failed':
        return html`<details class="small bad" open>
          <summary>The transformer did not start</summary>
          <ul><li>${encoder.error.what} (${encoder.error.where})</li><li>${encoder.error.remedy}</li></ul>
        </details>`;
      case 'ready': {
        const { report, provider, windowMs } = encoder;
        const { refused } = report;
        return html`<details class="small ${refused.length > 0 ? 'warn' : ''}">
          <summary title="Where the transformer runs">
            ${providerName(provider)} · ${(windowMs / 1000).toFixed(windowMs < 1000 ? 2 : 1)} s a window
          </summary>
          <ul>
            <li>Self-test passed, relative error ${report.selfTestError.toExponential(1)}</li>
            ${refused.map(({ provider: other, graph, reason }) => html`<li>${graph === undefined ? '' : `${graph} on `}${providerName(other)} is not used: ${reason}</li>`)}
          </ul>
        </details>`;
      }
    }
  }

  /** A tile of a derived layer costs about one window. */
  #remaining({ session, display }: Workspace) {
    if (session.encoder.kind !== 'ready') return nothing;
    let tiles = 0;
    for (const layer of session.layers) if (layer.derived) tiles += display.state.pending.get(layer.id) ?? 0;
    if (tiles === 0) return nothing;
    const { windowMs } = session.encoder;
    return html`<p role="status" class="small">
      ${tiles} ${tiles === 1 ? 'tile' : 'tiles'} to go, about ${duration(tiles * windowMs)} for this view
    </p>`;
  }
}
