import { css, html, LitElement } from 'lit';
import type { AlibiError } from '../errors.ts';
import { icons } from './icons.ts';
import { theme } from './theme.ts';
import { sentence, withoutFlag } from './words.ts';

export type Message =
  | {
      readonly id: number;
      readonly kind: 'error';
      readonly error: AlibiError;
      /** Failures of one group are one message that counts them. */
      readonly group: string;
      readonly count: number;
      readonly retry?: () => void;
    }
  | {
      readonly id: number;
      readonly kind: 'done';
      readonly title: string;
      readonly text: string;
      /** Takes it back; called once. */
      readonly undo?: () => void;
    };

/**
 * Failures and results in words, each with what to do about it and a way to put it away.
 *
 * @fires az-dismiss  detail: the message's id
 */
export class AlibiZarrMessages extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: grid; gap: 6px; }
      .message { display: grid; grid-template-columns: 16px 1fr auto; gap: 2px 10px; align-items: start; padding: 8px 4px 10px 10px; border-radius: var(--az-radius); border: 1px solid color-mix(in srgb, var(--az-tone) 45%, transparent); background: color-mix(in srgb, var(--az-tone) 12%, var(--az-surface)); box-shadow: 0 4px 16px rgb(0 0 0 / 40%); }
      .error { --az-tone: var(--az-bad); }
      .done { --az-tone: var(--az-good); }
      .message > svg, .message > .mark { margin-top: 5px; color: var(--az-tone); }
      .what { font-weight: 600; padding-top: 3px; overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 5; -webkit-box-orient: vertical; overflow: hidden; }
      .more { font-weight: 400; color: var(--az-muted); }
      .where { color: var(--az-muted); font-size: 12px; overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
      .text { display: grid; gap: 3px; min-width: 0; }
      .text button { justify-self: start; height: 24px; margin-top: 4px; }
    `,
  ];
  static override properties = { messages: { attribute: false } };
  declare messages: readonly Message[];

  constructor() {
    super();
    this.messages = [];
  }

  protected override render() {
    return this.messages.map((message) => {
      const body =
        message.kind === 'error'
          ? html`<span class="what">${sentence(message.error.what)}${message.count > 1 ? html` <span class="more">and ${message.count - 1} more like it</span>` : ''}</span>
              <span>${withoutFlag(message.error.remedy)}</span>
              <span class="where" title=${message.error.where}>${message.error.where}</span>
              ${message.retry ? html`<button @click=${message.retry}>Try again</button>` : ''}`
          : html`<span class="what">${message.title}</span><span class="where">${message.text}</span>
              ${message.undo ? html`<button @click=${message.undo}>Undo</button>` : ''}`;
      return html`<div class="message ${message.kind}" role=${message.kind === 'error' ? 'alert' : 'status'}>
        <span class="mark">${message.kind === 'error' ? icons.alert : icons.save}</span>
        <div class="text">${body}</div>
        <button
          class="icon"
          aria-label="Dismiss"
          @click=${() => this.dispatchEvent(new CustomEvent('az-dismiss', { detail: message.id }))}
        >${icons.remove}</button>
      </div>`;
    });
  }
}
