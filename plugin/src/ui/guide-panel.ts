import { css, html, LitElement, nothing } from 'lit';
import type { Suggestion } from '../segment/suggest-places.ts';
import type { UncertaintyKind } from '../segment/uncertainty.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { sizeAlong } from './display.ts';
import { icons } from './icons.ts';
import { activePlace, placesOf, showPlace, stepPlace } from './places.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

const kinds: readonly {
  readonly kind: UncertaintyKind | null;
  readonly name: string;
  readonly title: string;
}[] = [
  { kind: null, name: 'Off', title: 'Do not show how unsure the segmentation is' },
  { kind: 'margin', name: 'Margin', title: 'How close the two likeliest classes are' },
  { kind: 'entropy', name: 'Entropy', title: 'How evenly all classes are likely' },
];

/** Where the segmentation is unsure, and where a stroke would tell it most. Shown once there is one. */
export class AlibiZarrGuide extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .kinds { display: grid; grid-template-columns: auto repeat(3, 1fr); gap: 4px; align-items: center; }
      .kinds button { height: 24px; padding: 0 4px; font-size: 12px; }
      .kinds span { margin-right: 6px; color: var(--az-muted); }
      .next { display: grid; grid-template-columns: 1fr auto auto; gap: 4px; }
      ol { list-style: none; margin: 0; padding: 0; max-height: 168px; overflow: auto; scrollbar-width: thin; scrollbar-color: var(--az-line) transparent; }
      li { display: flex; align-items: center; gap: 4px; border-radius: var(--az-radius); }
      li.active { background: var(--az-raised); }
      li .go { flex: 1; height: 26px; min-width: 0; padding: 0 6px; background: none; border-color: transparent; display: grid; grid-template-columns: 20px 1fr 44px 34px; gap: 6px; text-align: left; justify-items: start; }
      li .go .share { justify-self: end; color: var(--az-muted); }
      .bar { width: 44px; height: 4px; border-radius: 2px; background: var(--az-line); overflow: hidden; align-self: center; }
      .bar i { display: block; height: 100%; background: linear-gradient(90deg, #7b3fa0, #f0c63c); }
      .where { color: var(--az-muted); }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override willUpdate(): void {
    const session = this.#workspace.workspace?.session;
    this.hidden = session === undefined || !isOfUse(session);
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null || !isOfUse(workspace.session)) return nothing;
    const { guidance } = workspace.session;
    const isOn = guidance.status.kind !== 'off';
    return html`
      ${sectionHeader('Where it is unsure')}
      <div class="stack">
        <div class="kinds small" role="radiogroup" aria-label="Uncertainty layer">
          <span aria-hidden="true">Layer</span>
          ${kinds.map(
            ({ kind, name, title }) => html`<button
              role="radio"
              aria-checked=${guidance.uncertainty === kind}
              title=${title}
              @click=${() => guidance.showUncertainty(kind)}
            >${name}</button>`,
          )}
        </div>
        <div class="next">
          <button
            id="label-next"
            aria-pressed=${isOn}
            title="List the places where a stroke would tell most (N: the next one)"
            @click=${() => guidance.suggest(!isOn)}
          >Label here next</button>
          ${this.#step(workspace, -1, 'Previous place (B)', '‹')} ${this.#step(workspace, 1, 'Next place (N)', '›')}
        </div>
        ${isOn ? this.#places(workspace) : nothing}
        ${
          guidance.reviewed.length === 0
            ? nothing
            : html`<div class="row small muted">
                <span class="grow">${guidance.reviewed.length} ${guidance.reviewed.length === 1 ? 'place' : 'places'} found right</span>
                <button class="icon" aria-label="Forget what was found right" title="Forget" @click=${() => guidance.clearReviewed()}>${icons.remove}</button>
              </div>`
        }
      </div>
    `;
  }

  #step(workspace: Workspace, by: 1 | -1, title: string, sign: string) {
    const isEmpty = placesOf(workspace).length === 0;
    return html`<button
      aria-label=${title.replace(/ \(.*/, '')}
      title=${title}
      ?disabled=${isEmpty}
      @click=${() => stepPlace(workspace, by)}
    >${sign}</button>`;
  }

  #places(workspace: Workspace) {
    const { status } = workspace.session.guidance;
    const places = placesOf(workspace);
    switch (status.kind) {
      case 'off':
        return nothing;
      case 'waiting':
        return html`<p class="small muted" role="status">The places come with the next segmentation.</p>`;
      case 'failed':
        return html`<p class="small muted" role="status">The places could not be found; the message says why.</p>`;
      case 'looking':
      case 'ready':
        return html`
          ${status.kind === 'looking' ? html`<p class="small muted" role="status">Looking, coarse first…</p>` : nothing}
          ${status.kind === 'ready' && places.length === 0 ? html`<p class="small muted" role="status">No place is left to suggest.</p>` : nothing}
          <ol class="small" aria-label="Places to label next, what would tell most first">
            ${places.map((place, index) => this.#place(workspace, place, index))}
          </ol>
        `;
    }
  }

  #place(workspace: Workspace, place: Suggestion, index: number) {
    const { session } = workspace;
    const share = Math.round(100 * place.uncertainty);
    const isActive = activePlace(workspace) === index;
    const slices = (['z', 't'] as const)
      .filter((axis) => sizeAlong(session.image, axis) > 1)
      .map((axis) => ` · ${axis} ${place[axis] + 1}`)
      .join('');
    return html`<li class=${isActive ? 'active' : ''}>
      <button
        class="go"
        aria-current=${isActive ? 'true' : 'false'}
        title="Move there"
        aria-label=${`Place ${index + 1} of ${placesOf(workspace).length}, ${share} % unsure`}
        @click=${() => showPlace(workspace, index)}
      >
        <b>${index + 1}</b>
        <span class="where clip">x ${Math.round(place.x)}, y ${Math.round(place.y)}${slices}</span>
        <span class="bar" aria-hidden="true"><i .style=${`width:${share}%`}></i></span>
        <span class="share">${share} %</span>
      </button>
      <button
        class="icon"
        aria-label=${`Place ${index + 1} is right`}
        title="It is right here: take it off the list and suggest nothing near it"
        @click=${() => session.guidance.review(place)}
      >${icons.check}</button>
    </li>`;
  }
}

/** Once something was segmented from strokes. */
function isOfUse({ classifier, guidance, layers }: Workspace['session']): boolean {
  return (
    classifier !== null || guidance.status.kind !== 'off' || layers.some(({ kind }) => kind === 'classes')
  );
}
