import { css, html, LitElement, nothing } from 'lit';
import { isAbort } from '../errors.ts';
import type { ClassifierFit, ClassSpec, HeldOutScore } from '../segment/types.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { foldStyle, sectionStyle, theme } from './theme.ts';

/** A class with less than this share of the pixels of the largest one is worth a hint. */
const unbalancedBelow = 0.1;

/** How good the segmentation is, as far as strokes can tell: their balance, and how those left out are predicted. */
export class AlibiZarrQuality extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    foldStyle,
    css`
      h3 { font-size: 12px; color: var(--az-muted); }
      .class { display: grid; grid-template-columns: 10px minmax(0, 1fr) 76px 56px; gap: 8px; align-items: center; }
      .swatch { width: 10px; height: 10px; border-radius: 3px; }
      .bar { height: 5px; border-radius: 3px; background: var(--az-line); overflow: hidden; }
      .bar i { display: block; height: 100%; }
      .class .count { text-align: right; color: var(--az-muted); }
      label { display: flex; gap: 8px; align-items: center; }
      .figures { display: flex; gap: 16px; }
      .figures b { display: block; font-size: 16px; font-weight: 600; }
      .scroll { overflow: auto; scrollbar-width: thin; scrollbar-color: var(--az-line) transparent; }
      table { border-collapse: separate; border-spacing: 2px; font-size: 12px; }
      th { font-weight: 400; color: var(--az-muted); max-width: 90px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 0 4px; text-align: left; }
      thead th { text-align: center; }
      td { min-width: 44px; height: 24px; text-align: center; border-radius: 4px; }
      .warn { color: var(--az-warn); }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override willUpdate(): void {
    this.hidden = this.#fit() === null;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    const fit = this.#fit();
    if (workspace === null || fit === null) return nothing;
    const { session } = workspace;
    const isOutdated = session.layers.some(({ kind, outdated }) => kind === 'classes' && outdated);
    const isChecked = (session.learning.validation ?? 'none') !== 'none';
    const classes = fit.classes.map((spec, index) =>
      session.classes.length === fit.classes.length ? (session.classes[index] ?? spec) : spec,
    );
    return html`<details>
      <summary title="How balanced the strokes are, and how well strokes that were left out are predicted">
        Quality
        ${fit.heldOut === null ? nothing : html`<span class="score" aria-label="Mean IoU on strokes left out">${fit.heldOut.meanIou.toFixed(2)} IoU</span>`}
      </summary>
      <div class="stack">
        ${isOutdated ? html`<p class="small warn" role="status">Of the strokes before the last change.</p>` : nothing}
        ${balance(classes, fit.counts)}
        <label class="small" title="Learn from some strokes, predict the others; every training takes a few times as long">
          <input
            type="checkbox"
            id="check"
            .checked=${isChecked}
            @change=${(event: Event) => this.#check(workspace, event.target instanceof HTMLInputElement && event.target.checked)}
          />
          Check on strokes left out
        </label>
        ${fit.heldOut === null ? this.#whyNot(isChecked, session.work.length > 0 || isOutdated) : score(fit.heldOut, classes)}
      </div>
    </details>`;
  }

  /** The classifier of the segmentation on show. */
  #fit(): ClassifierFit | null {
    const session = this.#workspace.workspace?.session;
    if (session === undefined || !session.layers.some(({ kind }) => kind === 'classes')) return null;
    return session.classifier?.fit ?? null;
  }

  #whyNot(isChecked: boolean, isBusy: boolean) {
    if (!isChecked) return nothing;
    return html`<p class="small muted" role="status">
      ${isBusy ? 'Checking…' : 'Each class needs two strokes apart from each other: one to learn from, one to check.'}
    </p>`;
  }

  #check({ session }: Workspace, isOn: boolean): void {
    session.train({ validation: isOn ? 'score' : 'none' }).catch((error: unknown) => {
      // The session has announced every other failure as an `error` event.
      if (!isAbort(error)) this.requestUpdate();
    });
  }
}

/** Painted pixels of each class. */
function balance(classes: readonly ClassSpec[], counts: readonly number[]) {
  const most = Math.max(1, ...counts);
  const scarce = classes.filter((_, index) => (counts[index] ?? 0) < unbalancedBelow * most);
  return html`
    <h3 id="balance">Painted pixels</h3>
    <div role="list" aria-labelledby="balance" class="small stack" .style=${'gap: 2px'}>
      ${classes.map(({ name, color }, index) => {
        const count = counts[index] ?? 0;
        return html`<div class="class" role="listitem">
          <span class="swatch" .style=${`background:#${color}`}></span>
          <span class="clip" title=${name}>${name}</span>
          <span class="bar" aria-hidden="true"><i .style=${`width:${(100 * count) / most}%;background:#${color}`}></i></span>
          <span class="count">${count.toLocaleString('en')}</span>
        </div>`;
      })}
    </div>
    ${
      scarce.length === 0
        ? nothing
        : html`<p class="small warn">Hardly painted beside the others: ${scarce.map(({ name }) => name).join(', ')}</p>`
    }
  `;
}

function score({ meanIou, balancedAccuracy, confusion, folds }: HeldOutScore, classes: readonly ClassSpec[]) {
  return html`
    <div class="figures small">
      <span title="Intersection over union of pixels of strokes left out, averaged over classes"><b>${meanIou.toFixed(2)}</b>mean IoU</span>
      <span title="Share of the pixels of a class that is told right, averaged over classes"><b>${Math.round(100 * balancedAccuracy)} %</b>told right</span>
      <span title="How often the strokes were divided into some to learn from and some to predict"><b>${folds}</b>rounds</span>
    </div>
    <div class="scroll">
      <table aria-label="Of the pixels painted as one class, which share is predicted as which">
        <thead><tr><th scope="col"></th>${classes.map(({ name }) => html`<th scope="col" title=${`Predicted as ${name}`}>${name}</th>`)}</tr></thead>
        <tbody>
          ${classes.map(({ name }, row) => {
            const cells = confusion[row] ?? [];
            const total = cells.reduce((sum, count) => sum + count, 0);
            return html`<tr>
              <th scope="row" title=${`Painted as ${name}`}>${name}</th>
              ${classes.map((_, column) => cell(cells[column] ?? 0, total, row === column))}
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    <p class="small muted">Rows: painted as. Columns: predicted as.</p>
  `;
}

function cell(count: number, total: number, isRight: boolean) {
  if (total === 0) return html`<td class="muted" title="No pixel was left out">–</td>`;
  const share = count / total;
  const tone = isRight ? 'var(--az-good)' : 'var(--az-bad)';
  return html`<td
    title=${`${count.toLocaleString('en')} of ${total.toLocaleString('en')} pixels`}
    .style=${`background:color-mix(in srgb, ${tone} ${Math.round(65 * share)}%, var(--az-raised))`}
  >${Math.round(100 * share)} %</td>`;
}
