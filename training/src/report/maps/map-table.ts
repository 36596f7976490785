import { type Content, html, type Markup } from '../markup.ts';
import type { PageImage } from './map-image.ts';

export interface MapCell {
  readonly image: PageImage;
  /** What the picture shows, for those who cannot see it. */
  readonly alt: string;
  /** Below the picture. */
  readonly text?: string;
  /** Corner of a token to be marked, in pixels of the picture. */
  readonly mark?: { readonly row: number; readonly col: number };
}

export interface MapTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly (MapCell | null)[] }[];
}

/** A page is this many pictures wide, and so many of full size. */
const COLUMNS = 9;
const LARGE = 8;

/** Pictures in rows and columns with names; what is too wide goes on below. */
export function mapTable({ caption, columns, rows }: MapTable): Markup {
  const count = Math.max(1, Math.ceil(columns.length / COLUMNS));
  const size = Math.ceil(columns.length / count);
  const parts = Array.from({ length: count }, (_, i) => i * size);
  const kind = size > LARGE ? 'maps dense' : 'maps';
  return html`${parts.map(
    (from) =>
      html`<div class="scroll"><table class="${kind}"><caption>${caption}</caption><thead><tr><td></td>${columns
        .slice(from, from + size)
        .map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.map(
        ({ name, cells }) =>
          html`<tr><th scope="row">${name}</th>${cells.slice(from, from + size).map(cellOf)}</tr>`,
      )}</tbody></table></div>`,
  )}`;
}

function cellOf(cell: MapCell | null): Markup {
  if (cell === null) return html`<td class="none">not measured</td>`;
  const { image, alt, text, mark } = cell;
  const picture = html`<img src="${image.src}" width="${image.width}" height="${image.height}" alt="${alt}">`;
  return html`<td><span class="map">${picture}${mark === undefined ? null : ring(image, mark)}</span>${text === undefined ? null : html`<small>${text}</small>`}</td>`;
}

function ring({ width, height }: PageImage, { row, col }: { row: number; col: number }): Content {
  return html`<svg class="ring" aria-hidden="true" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none"><circle class="halo" cx="${col + 0.5}" cy="${row + 0.5}" r="${width / 22}"/><circle cx="${col + 0.5}" cy="${row + 0.5}" r="${width / 22}"/></svg>`;
}
