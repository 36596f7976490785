import { html, svg, type TemplateResult } from 'lit';

const draw = (paths: TemplateResult) => html`<svg viewBox="0 0 16 16" aria-hidden="true">${paths}</svg>`;

export const icons = {
  pan: draw(
    svg`<path d="M8 1.5v13M1.5 8h13M8 1.5 6 3.5M8 1.5l2 2M8 14.5l-2-2M8 14.5l2-2M1.5 8l2-2M1.5 8l2 2M14.5 8l-2-2M14.5 8l-2 2"/>`,
  ),
  paint: draw(
    svg`<path d="M14 2 7 9M7 9c-1.7-.6-3.3.3-3.6 2-.2 1.2-.7 2-1.4 2.5 2.8.6 5.6.1 6.2-2.2.2-.9-.2-1.8-1.2-2.3z"/>`,
  ),
  erase: draw(
    svg`<path d="m6 13.5-3.5-3.5a1 1 0 0 1 0-1.4L8.6 2.5a1 1 0 0 1 1.4 0l3.5 3.5a1 1 0 0 1 0 1.4L7.4 13.5zM5.2 5.9l4.9 4.9M6 13.5h8"/>`,
  ),
  polygon: draw(
    svg`<path d="M3 12.5 2 5l6-3 6 4-3 7.5z"/><circle cx="2" cy="5" r="1"/><circle cx="8" cy="2" r="1"/>`,
  ),
  fill: draw(
    svg`<path d="m7 2 5.5 5.5-5 5a1 1 0 0 1-1.4 0L2 8.4a1 1 0 0 1 0-1.4zM2.5 7.5h10M14 11.5c.8 1.2.8 2.2 0 2.5-.8-.3-.8-1.3 0-2.5z"/>`,
  ),
  pick: draw(
    svg`<path d="M9.5 3.5l3 3M8.5 5.5l-5.8 5.8L2.5 13.500l2.200-.2 5.800-5.800M8 5l3 3M10.500 3.500c1-1.500 3-1 3.200.300.200 1-1 2-1.700 2.200"/>`,
  ),
  upload: draw(svg`<path d="M8 10V2M8 2 5 5M8 2l3 3M2.5 11v2.5h11V11"/>`),
  layers: draw(svg`<path d="M8 2 14 5.500 8 9 2 5.500zM2 8.500 8 12l6-3.500M2 11.500 8 15l6-3.500"/>`),
  similar: draw(
    svg`<circle cx="5" cy="5" r="2.500"/><circle cx="11.500" cy="10" r="2.500"/><path d="M5 10.500v4M3 12.500h4M9.500 3.500h4"/>`,
  ),
  region: draw(svg`<path d="M2.5 2.5h11v11h-11z" stroke-dasharray="2.5 2"/>`),
  undo: draw(svg`<path d="M3 6h6.5a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3"/>`),
  redo: draw(svg`<path d="M13 6H6.5a3.5 3.5 0 0 0 0 7H10M13 6l-3-3M13 6l-3 3"/>`),
  plus: draw(svg`<path d="M8 3v10M3 8h10"/>`),
  minus: draw(svg`<path d="M3 8h10"/>`),
  fit: draw(svg`<path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"/>`),
  eye: draw(
    svg`<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="2"/>`,
  ),
  eyeOff: draw(
    svg`<path d="M2.5 2.5l11 11M6.3 3.8A6 6 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a11 11 0 0 1-2 2.5M4 5.2A11 11 0 0 0 1.5 8S4 12.5 8 12.5a6 6 0 0 0 2.6-.6"/>`,
  ),
  remove: draw(svg`<path d="M4 4l8 8M12 4l-8 8"/>`),
  change: draw(svg`<path d="M2.5 13.5l.7-3L11 2.7l2.3 2.3-7.8 7.8zM9.5 4.2l2.3 2.3"/>`),
  merge: draw(svg`<path d="M2 4h3l4 4h5M2 12h3l4-4M12 6l2 2-2 2"/>`),
  split: draw(svg`<path d="M2 8h4l4-4h4M6 8l4 4h4M12 2l2 2-2 2M12 10l2 2-2 2"/>`),
  check: draw(svg`<path d="M3 8.5l3.5 3.5L13 4.5"/>`),
  save: draw(svg`<path d="M8 2v8M8 10 5 7M8 10l3-3M2.5 11v2.5h11V11"/>`),
  outline: draw(svg`<path d="M3.5 4.5c2-2.5 6-2.5 8.5 0s2 6.5-1 8-7 .5-8-2.5 0-4.5.5-5.5z"/>`),
  features: draw(svg`<path d="M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z"/>`),
  alert: draw(svg`<path d="M8 2 1.5 13.5h13zM8 6.5v3.5M8 12v.1"/>`),
  panel: draw(svg`<path d="M2 3h12v10H2zM10 3v10"/>`),
  folder: draw(svg`<path d="M1.5 12.5v-9h4.5l1.5 2h7v7z"/>`),
} as const;
