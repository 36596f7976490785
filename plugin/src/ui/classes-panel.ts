import { css, html, LitElement, nothing } from 'lit';
import type { ClassSpec } from '../segment/types.ts';
import { formatHexColor, paletteColor, unusedColor } from '../session-colors.ts';
import { isClasses } from '../session-layers.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { brushRange, drawingTool, sizeAlong, type Tool } from './display.ts';
import { icons } from './icons.ts';
import { inputValue } from './input-value.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

/** Classes, the brush, and the strokes' history. */
export class AlibiZarrClasses extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .tools { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 4px; }
      .tools button { height: 28px; padding: 0 6px; }
      ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; }
      li { display: flex; align-items: center; gap: 8px; padding: 1px 0 1px 8px; border-radius: var(--az-radius); border: 1px solid transparent; }
      li.active { background: var(--az-raised); border-color: color-mix(in srgb, var(--az-accent) 50%, transparent); }
      li input[type='text'] { height: 26px; background: none; border-color: transparent; padding: 0 6px; }
      li input[type='text']:hover, li input[type='text']:focus { border-color: var(--az-line); }
      kbd { font: 600 10.5px/16px ui-monospace, monospace; width: 16px; text-align: center; border-radius: 3px; background: var(--az-line); color: var(--az-muted); flex: none; border: 0; padding: 0; height: 16px; }
      .brush { display: grid; grid-template-columns: auto 1fr 52px; gap: 8px; align-items: center; }
      .region { grid-template-columns: auto minmax(0, 1fr); }
      .region select { height: 26px; font-size: 12px; min-width: 0; }
      .brush span:last-child:not(:first-child) { text-align: right; color: var(--az-muted); }
      .hint { color: var(--az-muted); font-size: 12px; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { session, display } = workspace;
    const { tool, brushRadiusPx } = display.state;
    const { classes } = session;
    const history = [
      this.#action('Undo', 'Undo (Ctrl+Z)', icons.undo, !session.canUndo, () => session.undo()),
      this.#action('Redo', 'Redo (Ctrl+Shift+Z)', icons.redo, !session.canRedo, () => session.redo()),
      this.#action('Add a class', 'Add a class (M)', icons.plus, false, () => addClass(workspace)),
    ];
    return html`
      ${sectionHeader('Classes', ...history)}
      <div class="stack">
        ${
          classes.length === 0
            ? html`<div class="stack">
                <p class="hint">Name what you are looking for, paint a stroke or two of each, and the rest is filled in.</p>
                <button id="start-classes" @click=${() => startClasses(workspace)}>${icons.paint} Start with two classes</button>
              </div>`
            : html`
                <div class="tools" role="radiogroup" aria-label="Tool">
                  ${this.#tool(workspace, tool, 'pan', 'Move', 'Move (6 or Z)')}
                  ${this.#tool(workspace, tool, 'paint', 'Paint', 'Paint (2 or P)')}
                  ${this.#tool(workspace, tool, 'erase', 'Erase', 'Erase (1 or E, or the right button)')}
                  ${this.#tool(workspace, tool, 'polygon', 'Polygon', 'Polygon (3): click corners or drag a lasso; Enter closes it')}
                  ${this.#tool(workspace, tool, 'fill', 'Fill', 'Fill (4 or F): what strokes enclose, or a painted area')}
                  ${this.#tool(workspace, tool, 'pick', 'Pick', 'Pick the class under the pointer (5 or L)')}
                </div>
                <ul aria-label="Classes">
                  ${classes.map((spec, index) => this.#class(workspace, spec, index))}
                </ul>
                <label class="brush small">
                  <span>Brush</span>
                  <input
                    type="range"
                    min="0"
                    max="1"
                    step="0.005"
                    aria-label="Brush radius in pixels"
                    aria-valuetext=${`${brushRadiusPx} pixels`}
                    .value=${String(toSlider(brushRadiusPx))}
                    @input=${(event: Event) => display.update({ brushRadiusPx: fromSlider(Number(inputValue(event))) })}
                  />
                  <span>${brushRadiusPx} px</span>
                </label>
                ${this.#region(workspace)}
                ${
                  sizeAlong(session.image, 'z') > 1
                    ? html`<button
                        id="interpolate"
                        title="Fill the slices between those where the class is painted (I)"
                        @click=${() => session.scribbles.interpolate({ classIndex: display.state.activeClass, t: display.state.t })}
                      >${icons.layers} Fill slices between</button>`
                    : nothing
                }
                ${this.#hint(workspace)}
                ${this.#notKept(workspace)}
              `
        }
      </div>
    `;
  }

  #tool({ display }: Workspace, current: Tool, tool: Tool, name: string, title: string) {
    return html`<button role="radio" aria-checked=${current === tool} title=${title} @click=${() => display.update({ tool })}>
      ${icons[tool]} ${name}
    </button>`;
  }

  #action(label: string, title: string, icon: unknown, disabled: boolean, run: () => void) {
    return html`<button class="icon" aria-label=${label} title=${title} ?disabled=${disabled} @click=${run}>${icon}</button>`;
  }

  #class({ session, display }: Workspace, { name, color }: ClassSpec, index: number) {
    const { activeClass, tool } = display.state;
    const isActive = index === activeClass && tool !== 'pan' && tool !== 'erase';
    const activate = () => display.update({ activeClass: index, ...drawingTool(tool) });
    return html`<li class=${isActive ? 'active' : ''} @click=${activate}>
      <button class="visually-hidden" aria-pressed=${isActive} @click=${activate}>Paint ${name}</button>
      <input
        type="color"
        aria-label=${`Colour of ${name}`}
        .value=${`#${color}`}
        @change=${(event: Event) => session.updateClass(index, { color: inputValue(event).slice(1) })}
      />
      <input
        type="text"
        class="grow"
        aria-label=${`Name of class ${index + 1}`}
        .value=${name}
        @change=${(event: Event) => session.updateClass(index, { name: inputValue(event).trim() || `Class ${index + 1}` })}
      />
      <span class="small muted" title="Strokes">${session.strokes.filter(({ classIndex }) => classIndex === index).length || ''}</span>
      <button
        class="icon"
        aria-label=${`Remove ${name} and its strokes`}
        title="Remove the class and its strokes"
        @click=${(event: Event) => {
          event.stopPropagation();
          session.removeClass(index);
          display.update({ activeClass: Math.max(0, Math.min(activeClass, session.classes.length - 1)) });
        }}
      >${icons.remove}</button>
    </li>`;
  }

  /** Where strokes count and labels are made. */
  #region({ session, display }: Workspace) {
    const { region, image } = session;
    const choose = (event: Event) => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      const { value } = event.target;
      if (value === 'draw') display.update({ tool: 'region' });
      const chosen = value.startsWith('labels/') ? { kind: 'labels' as const, name: value.slice(7) } : null;
      // The session tells of failures itself.
      if (value !== 'draw' && value !== 'area') session.setRegion(chosen).catch(() => undefined);
    };
    const current =
      display.state.tool === 'region'
        ? 'draw'
        : region === null
          ? 'all'
          : region.kind === 'area'
            ? 'area'
            : `labels/${region.name}`;
    const option = (value: string, text: string) =>
      html`<option value=${value} ?selected=${value === current}>${text}</option>`;
    return html`<label class="brush region small">
      <span>Region</span>
      <select
        aria-label="Region that is learned from and labelled"
        title="Learn from strokes and label inside a region only"
        .value=${current}
        @change=${choose}
      >
        ${option('all', 'Everywhere')}
        ${region?.kind === 'area' ? option('area', 'Drawn region') : nothing}
        ${option('draw', 'Draw a rectangle or polygon (R)')}
        ${image.labels.map(({ name }) => option(`labels/${name}`, `Where labels/${name} is not 0`))}
      </select>
    </label>`;
  }

  /** Once, where strokes are. */
  #notKept({ session, keeper }: Workspace) {
    const { failure } = keeper;
    if (failure === null || session.strokes.length === 0) return nothing;
    return html`<p id="not-kept" class="hint" role="status" title=${failure.message}>
      Strokes go when the tab is closed: ${failure.what}. Download them as GeoJSON to keep them.
    </p>`;
  }

  #hint({ session }: Workspace) {
    if (session.encoder.kind === 'none')
      return html`<p class="hint">Strokes are kept; without a model nothing is filled in.</p>`;
    const used = new Set(
      session.strokes.map(({ classIndex }) => classIndex).filter((index) => index !== null),
    );
    // A project's other images may have taught what there is.
    if (used.size >= 2 || session.layers.some(isClasses)) return nothing;
    return html`<p class="hint">
      ${used.size === 0 ? 'Paint a stroke of each of two classes.' : 'One more class needs a stroke.'}
    </p>`;
  }
}

/** Add a class with the next colour of the palette and make it the one to paint. */
export function addClass({ session, display }: Workspace): void {
  const count = session.classes.length;
  const activeClass = session.addClass({
    name: `Class ${count + 1}`,
    color: formatHexColor(
      unusedColor(
        paletteColor(count + 1),
        session.classes.map(({ color }) => color),
      ),
    ),
  });
  display.update({ activeClass, tool: 'paint' });
}

function startClasses(workspace: Workspace): void {
  addClass(workspace);
  addClass(workspace);
  workspace.display.update({ activeClass: 0 });
}

/** The slider is logarithmic: a pixel matters for small brushes. */
function toSlider(radiusPx: number): number {
  return Math.log(radiusPx / brushRange.least) / Math.log(brushRange.most / brushRange.least);
}
function fromSlider(value: number): number {
  return Math.max(1, Math.round(brushRange.least * (brushRange.most / brushRange.least) ** value));
}
