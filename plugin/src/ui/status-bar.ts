import { css, html, LitElement, nothing } from 'lit';
import { axisIndex } from '../array/lazy-array.ts';
import type { Camera } from '../views/deck/scene.ts';
import type { PointerReading } from './canvas-element.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import type { Tool } from './display.ts';
import { formatPosition } from './scale-bar.ts';
import { theme } from './theme.ts';

/** Position and values under the pointer, and the zoom. */
export class AlibiZarrStatusBar extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: flex; gap: 16px; align-items: center; height: 26px; padding: 0 12px; font-size: 12px; color: var(--az-muted); border-top: 1px solid var(--az-line); background: var(--az-surface); overflow: hidden; white-space: nowrap; }
      b { font-weight: 500; color: var(--az-text); }
      .dot { display: inline-block; width: 7px; height: 7px; border-radius: 50%; margin-right: 5px; }
    `,
  ];
  static override properties = { reading: { attribute: false }, camera: { attribute: false } };
  declare reading: PointerReading | null;
  declare camera: Camera | null;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.reading = null;
    this.camera = null;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const zoom = this.camera === null ? '' : `${Number((100 * 2 ** this.camera.zoom).toPrecision(2))} %`;
    const loading = [...workspace.display.state.pending].some(([id]) => id === 'image');
    return html`
      ${this.reading === null ? html`<span>${hint(workspace.display.state.tool)}</span>` : this.#reading(workspace, this.reading)}
      <span class="grow"></span>
      ${loading ? html`<span role="status">Loading…</span>` : nothing}
      <span title="Zoom">${zoom}</span>
    `;
  }

  #reading({ session, display }: Workspace, reading: PointerReading) {
    const { image } = session;
    const x = Math.floor(reading.x);
    const y = Math.floor(reading.y);
    const physical = (name: 'x' | 'y', position: number) => {
      const axis = axisIndex(image.axes, name);
      const { scale, translation } = image.levels[0]!.transform;
      return formatPosition((position - 0.5) * scale[axis]! + translation[axis]!, image.axes[axis]?.unit);
    };
    const hasUnit = image.axes.some(({ name, unit }) => name === 'x' && unit !== undefined);
    return html`
      <span>x <b>${x}</b> y <b>${y}</b></span>
      ${hasUnit ? html`<span>${physical('x', reading.x)}, ${physical('y', reading.y)}</span>` : nothing}
      ${[...reading.channels].map(
        ([index, value]) => html`<span class="clip"
          ><i class="dot" .style=${`background:#${display.state.channels[index]?.color}`}></i>${image.channels[index]?.label} <b>${formatValue(value)}</b></span
        >`,
      )}
      ${session.layers.map((layer) => {
        const id = reading.ids.get(layer.id);
        if (id === undefined || id === 0 || id === 0n) return nothing;
        const name = layer.names.get(Number(id));
        return html`<span class="clip">${layer.name} <b>${id}${name ? ` ${name}` : ''}</b></span>`;
      })}
    `;
  }
}

function formatValue(value: number | bigint): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return String(value);
  return value.toPrecision(5);
}

function hint(tool: Tool): string {
  if (tool === 'pan') return 'Scroll to zoom, drag to move';
  return tool === 'similar'
    ? 'Click on what you look for; the right button, on what it is not'
    : 'Scroll to zoom, hold space to move';
}
