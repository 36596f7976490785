import { html, type Markup } from '../markup.ts';
import { place } from './place.ts';

/** Colours of a series: as many as tell apart under every kind of colour blindness. See style.ts. */
export const COLOUR_COUNT = 7;

type Shape = (r: number) => string;

const SHAPES: readonly Shape[] = [
  (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (r) => `M${-0.9 * r} ${-0.9 * r}h${1.8 * r}v${1.8 * r}h${-1.8 * r}z`,
  (r) => `M0 ${-1.2 * r}L${1.1 * r} ${0.8 * r}H${-1.1 * r}z`,
  (r) => `M0 ${-1.25 * r}L${1.25 * r} 0L0 ${1.25 * r}L${-1.25 * r} 0z`,
  (r) => `M0 ${1.2 * r}L${1.1 * r} ${-0.8 * r}H${-1.1 * r}z`,
];

const DASHES = ['', '7 3', '2 3', '9 3 2 3', '4 2'] as const;

/** Colour and shape of the series on a slot: a pair comes back after 35. */
export function slotClass(slot: number): string {
  return `s${slot % COLOUR_COUNT}`;
}

/** Of the line of a series: the colours are not all that tells them apart. */
export function dashOf(slot: number): string {
  return DASHES[slot % DASHES.length] ?? '';
}

/** @param r  radius in units of the drawing */
export function marker(
  slot: number,
  at: { readonly x: number; readonly y: number; readonly r: number; readonly text?: string },
): Markup {
  const d = (SHAPES[slot % SHAPES.length] ?? SHAPES[0])?.(at.r) ?? '';
  const title = at.text === undefined ? null : html`<title>${at.text}</title>`;
  return html`<path class="mark ${slotClass(slot)}" transform="translate(${place(at.x)} ${place(at.y)})" d="${d}">${title}</path>`;
}
