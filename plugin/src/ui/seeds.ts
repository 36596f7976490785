import { html, type ReactiveControllerHost } from 'lit';
import type { SeedPlaces } from '../session-seeds.ts';
import type { Session } from '../session-types.ts';
import type { Workspace } from './contexts.ts';
import { selectValue } from './input-value.ts';

/** Which class a panel's seeds are of: one there is, or a new one (null). */
export class SeedClass {
  readonly #host: ReactiveControllerHost;
  #chosen: number | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  /** Position of the class; null also where the one that was chosen is gone. */
  of({ classes }: Session): number | null {
    return this.#chosen !== null && classes[this.#chosen] === undefined ? null : this.#chosen;
  }

  select(session: Session) {
    const chosen = this.of(session);
    return html`<select
      aria-label="Class that the strokes are of"
      @change=${(event: Event) => {
        const value = selectValue(event);
        this.#chosen = value === 'new' ? null : Number(value);
        this.#host.requestUpdate();
      }}
    >
      <option value="new" ?selected=${chosen === null}>of a new class</option>
      ${session.classes.map(
        ({ name }, index) =>
          html`<option value=${String(index)} ?selected=${chosen === index}>of ${name}</option>`,
      )}
    </select>`;
  }
}

/** The slice on show, and what of it is in view. */
export function seedPlaces({ display }: Workspace): SeedPlaces {
  const { z, t } = display.state;
  return { z, t, ...(display.area === null ? {} : { area: display.area }) };
}

/** Paint with the class of seeds that were put in. @returns  what was done, in words */
export function seeded(
  { session, display }: Workspace,
  { classIndex, strokes }: { readonly classIndex: number; readonly strokes: number },
): string {
  display.update({ activeClass: classIndex });
  return `${strokes} ${strokes === 1 ? 'stroke' : 'strokes'} of ${session.classes[classIndex]?.name}.`;
}
