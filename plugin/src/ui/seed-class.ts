import { html } from 'lit';
import type { Session } from '../session-types.ts';
import { selectValue } from './input-value.ts';

/** Which class seeds are of: one there is, or a new one (null). */
export function seedClassSelect(
  { classes }: Session,
  into: number | null,
  choose: (into: number | null) => void,
) {
  return html`<select
    aria-label="Class that the strokes are of"
    @change=${(event: Event) => {
      const value = selectValue(event);
      choose(value === 'new' ? null : Number(value));
    }}
  >
    <option value="new" ?selected=${into === null}>of a new class</option>
    ${classes.map(
      ({ name }, index) =>
        html`<option value=${String(index)} ?selected=${into === index}>of ${name}</option>`,
    )}
  </select>`;
}
