import { css, html, LitElement, nothing } from 'lit';
import { WorkspaceController } from './contexts.ts';
import { icons } from './icons.ts';
import { theme } from './theme.ts';
import { duration } from './words.ts';

/** What is under way: title, share done, estimate, and a way to stop it. */
export class AlibiZarrWork extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: grid; gap: 6px; }
      .work { background: color-mix(in srgb, var(--az-surface) 94%, transparent); border: 1px solid var(--az-line); border-radius: var(--az-radius); padding: 4px 4px 8px 10px; width: 280px; max-width: 100%; box-shadow: 0 4px 16px rgb(0 0 0 / 40%); }
      .left { white-space: nowrap; flex-shrink: 0; }
      .bar { height: 3px; border-radius: 2px; overflow: hidden; background: var(--az-line); margin-right: 6px; }
      .bar i { display: block; height: 100%; background: var(--az-accent); }
      .bar.unknown i { width: 30%; }
      @media (prefers-reduced-motion: no-preference) { .bar.unknown i { animation: slide 1.4s ease-in-out infinite alternate; } }
      @keyframes slide { to { margin-left: 70%; } }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override render() {
    const work = this.#workspace.workspace?.session.work ?? [];
    return work.map(({ title, progress, cancel }) => {
      const share = progress === null || progress.total === 0 ? null : progress.done / progress.total;
      const left = progress?.etaMs === undefined ? '' : ` · about ${duration(progress.etaMs)}`;
      return html`<div class="work" role="status">
        <div class="row small">
          <span class="clip" title=${title}>${title}</span>
          <span class="grow muted left">${share === null ? '' : `${Math.round(100 * share)} %`}${left}</span>
          <button class="icon" aria-label=${`Cancel: ${title}`} title="Cancel" @click=${cancel}>${icons.remove}</button>
        </div>
        <div
          class="bar ${share === null ? 'unknown' : ''}"
          role="progressbar"
          aria-label=${title}
          aria-valuenow=${share === null ? nothing : Math.round(100 * share)}
        ><i .style=${share === null ? '' : `width:${(100 * share).toFixed(1)}%`}></i></div>
      </div>`;
    });
  }
}
