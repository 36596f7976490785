import { html, type Markup } from '../markup.ts';
import { fixedText } from '../number-text.ts';
import { viridis } from './colour-scale.ts';

/** What colours of maps stand for. @param id  unique in the page */
export function colourBar(
  id: string,
  {
    label,
    range: [low, high],
    decimals = 2,
  }: {
    readonly label: string;
    readonly range: readonly [number, number];
    readonly decimals?: number;
  },
): Markup {
  const stops = Array.from({ length: 11 }, (_, i) => i / 10);
  return html`<p class="bar"><span>${label}</span> <span>${fixedText(low, decimals)}</span><svg aria-hidden="true" viewBox="0 0 160 10" width="160" height="10"><defs><linearGradient id="${id}">${stops.map(
    (stop) => html`<stop offset="${stop}" stop-color="rgb(${viridis(stop).join(',')})"/>`,
  )}</linearGradient></defs><rect width="160" height="10" fill="url(#${id})"/></svg><span>${fixedText(high, decimals)}</span></p>`;
}
