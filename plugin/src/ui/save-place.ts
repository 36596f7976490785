import { html, nothing } from 'lit';
import type { OmeImage } from '../ome/ome-image.ts';
import { addressProblem, saveTargets, type TargetKind } from './save-targets.ts';

export interface SavePlace {
  readonly name: string;
  readonly target: TargetKind;
  /** Of the folder on a server, where that is the target. */
  readonly address: string;
}

/** Where labels go: the choice, and the address where it takes one. */
export function placeFields(
  place: SavePlace,
  {
    image,
    change,
  }: {
    readonly image: OmeImage;
    readonly change: (part: Partial<Pick<SavePlace, 'target' | 'address'>>) => void;
  },
) {
  return html`<fieldset>
      <legend>Where</legend>
      ${saveTargets(image).map(
        ({ kind, title, text, unavailable }) => html`<label class="target ${unavailable ? 'off' : ''}">
          <input type="radio" name="target" value=${kind} ?disabled=${unavailable !== undefined}
            .checked=${place.target === kind} @change=${() => change({ target: kind })} />
          <span>${title}</span><span class="text">${unavailable ?? text}</span>
        </label>`,
      )}
    </fieldset>
    ${place.target === 'server' ? addressField(place, (address) => change({ address })) : nothing}`;
}

function addressField({ name, address }: SavePlace, change: (address: string) => void) {
  const problem = addressProblem(address);
  return html`<label class="field">
    <span>Address of the folder that gets labels/${name}</span>
    <input id="address" type="url" autocomplete="off" spellcheck="false" placeholder="https://host/bucket/image.zarr"
      .value=${address} aria-describedby="address-problem" aria-invalid=${address !== '' && problem !== null}
      @input=${(event: Event) => {
        if (event.target instanceof HTMLInputElement) change(event.target.value.trim());
      }} />
    <span id="address-problem" class=${address !== '' && problem !== null ? 'problem' : ''}>${problem ?? nothing}</span>
  </label>`;
}
