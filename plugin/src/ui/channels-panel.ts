import { css, html, LitElement, nothing } from 'lit';
import type { OmeChannel } from '../ome/ome-image.ts';
import { channelLimit } from '../views/deck/chunked-image-layer.ts';
import { WorkspaceController } from './contexts.ts';
import type { ChannelDisplay, Display } from './display.ts';
import { icons } from './icons.ts';
import { inputValue } from './input-value.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

/** Visibility, colour, contrast and opacity of each channel. Display only: features and labels never change. */
export class AlibiZarrChannels extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .channel { display: grid; gap: 2px; }
      .channel + .channel { margin-top: 8px; }
      .channel.off { opacity: 0.55; }
      .contrast { position: relative; display: grid; grid-template-columns: 58px 1fr 58px; gap: 8px; align-items: center; }
      .contrast input[type='number'] { height: 22px; padding: 0 4px; font-size: 11.5px; text-align: center; width: 58px; appearance: textfield; background: none; border-color: transparent; color: var(--az-muted); }
      .contrast input[type='number']:hover, .contrast input[type='number']:focus { border-color: var(--az-line); color: var(--az-text); }
      .contrast input::-webkit-inner-spin-button { display: none; }
      .double { position: relative; height: 18px; }
      .double .ramp { position: absolute; left: 0; right: 0; top: 7px; height: 4px; border-radius: 2px; background: var(--az-line); overflow: hidden; }
      .double .ramp i { position: absolute; top: 0; bottom: 0; }
      .double input { position: absolute; inset: 0; pointer-events: none; --az-track: transparent; }
      .double input::-webkit-slider-thumb { pointer-events: auto; }
      .double input::-moz-range-thumb { pointer-events: auto; }
      input.opacity { width: 58px; flex: none; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { session, display } = workspace;
    const { channels } = display.state;
    const shown = channels.filter((channel) => channel.visible).length;
    return html`
      ${sectionHeader('Channels')}
      ${session.image.channels.map((channel, index) => this.#channel(display, channel, channels[index]!, index))}
      ${
        shown > channelLimit
          ? html`<p class="small muted">${channelLimit} channels are drawn at a time; hide some to see others.</p>`
          : nothing
      }
    `;
  }

  #channel(display: Display, channel: OmeChannel, shown: ChannelDisplay, index: number) {
    const { label } = channel;
    const { least, most, step } = contrastRange(channel, shown.limits);
    const [low, high] = shown.limits;
    const set = (change: Partial<ChannelDisplay>) => display.setChannel(index, change);
    const setLow = (value: number) =>
      Number.isFinite(value) && set({ limits: [Math.min(value, high - step), high] });
    const setHigh = (value: number) =>
      Number.isFinite(value) && set({ limits: [low, Math.max(value, low + step)] });
    const at = (value: number) =>
      `${(100 * Math.min(1, Math.max(0, (value - least) / (most - least)))).toFixed(2)}%`;
    return html`
      <div class="channel ${shown.visible ? '' : 'off'}" role="group" aria-label=${`Channel ${label}`}>
        <div class="row">
          <button
            class="icon"
            aria-pressed=${shown.visible}
            aria-label=${`Show ${label}`}
            title=${shown.visible ? 'Hide' : 'Show'}
            @click=${() => set({ visible: !shown.visible })}
          >${shown.visible ? icons.eye : icons.eyeOff}</button>
          <input
            type="color"
            aria-label=${`Colour of ${label}`}
            .value=${`#${shown.color}`}
            @input=${(event: Event) => set({ color: inputValue(event).slice(1) })}
          />
          <span class="grow clip" title=${label}>${label}</span>
          <input
            class="opacity"
            type="range"
            min="0"
            max="1"
            step="0.01"
            title="Opacity"
            aria-label=${`Opacity of ${label}`}
            .value=${String(shown.opacity)}
            @input=${(event: Event) => set({ opacity: Number(inputValue(event)) })}
          />
        </div>
        ${
          shown.visible
            ? html`<div class="contrast">
                <input type="number" aria-label=${`Black point of ${label}`} step=${step} .value=${plain(low)} @change=${(event: Event) => setLow(Number(inputValue(event)))} />
                <div class="double">
                  <div class="ramp">${ramp(shown.color, at(low), at(high))}</div>
                  <input type="range" aria-label=${`Black point slider of ${label}`} min=${least} max=${most} step=${step} .value=${String(low)} @input=${(event: Event) => setLow(Number(inputValue(event)))} />
                  <input type="range" aria-label=${`White point slider of ${label}`} min=${least} max=${most} step=${step} .value=${String(high)} @input=${(event: Event) => setHigh(Number(inputValue(event)))} />
                </div>
                <input type="number" aria-label=${`White point of ${label}`} step=${step} .value=${plain(high)} @change=${(event: Event) => setHigh(Number(inputValue(event)))} />
              </div>`
            : nothing
        }
      </div>
    `;
  }
}

/** The slider spans twice the first window, within what the file says is possible. */
function contrastRange({ window }: OmeChannel, limits: readonly [number, number]) {
  const span = window.end - window.start || 1;
  const least = Math.min(limits[0], Math.max(window.min, window.start - span));
  const most = Math.max(limits[1], Math.min(window.max, window.end + span));
  const step = span >= 100 ? 1 : 10 ** Math.floor(Math.log10(span / 100));
  return { least, most, step };
}

/** Styles are set through the CSSOM: a `style` attribute would need `unsafe-inline`. */
function ramp(color: string, left: string, right: string) {
  return html`<i .style=${`left:${left};width:calc(${right} - ${left});background:linear-gradient(90deg,#000,#${color})`}></i>`;
}

function plain(value: number): string {
  return Number(value.toPrecision(6)).toString();
}
