import { css, html, LitElement, nothing } from 'lit';
import { axisIndex } from '../array/lazy-array.ts';
import { pixelStretch } from '../views/deck/draw-level.ts';
import type { Camera } from '../views/deck/scene.ts';
import { WorkspaceController } from './contexts.ts';
import { scaleBar } from './scale-bar.ts';
import { theme } from './theme.ts';

/** Longest bar, in CSS pixels. */
const longestPx = 140;

/** A bar of a round physical length. */
export class AlibiZarrScaleBar extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: block; color: #fff; font-weight: 600; font-size: 12px; text-align: center; text-shadow: 0 0 3px #000, 0 0 2px #000; pointer-events: none; }
      i { display: block; height: 4px; margin-top: 2px; background: #fff; box-shadow: 0 0 3px rgb(0 0 0 / 80%); border-radius: 1px; }
    `,
  ];
  static override properties = { camera: { attribute: false } };
  declare camera: Camera | null;
  readonly #workspace = new WorkspaceController(this);

  constructor() {
    super();
    this.camera = null;
  }

  protected override render() {
    const image = this.#workspace.workspace?.session.image;
    if (image === undefined || this.camera === null) return nothing;
    const axis = axisIndex(image.axes, 'x');
    const unit = image.axes[axis]?.unit;
    const finest = image.pixels[0];
    const scale = unit === undefined ? 1 : (finest?.transform.scale[axis] ?? 1);
    const stretch = finest === undefined ? 1 : pixelStretch(finest).x;
    const { widthPx, text } = scaleBar(scale / stretch / 2 ** this.camera.zoom, unit, longestPx);
    return html`<span aria-label=${`Scale bar: ${text}`}>${text}</span><i .style=${`width:${widthPx.toFixed(1)}px`}></i>`;
  }
}
