import { css } from 'lit';

/**
 * Look shared by all elements. Override the custom properties on `<alibi-zarr-viewer>` or any ancestor;
 * `::part()` names are given in each element.
 */
export const theme = css`
  :host {
    --az-back: var(--alibi-zarr-back, #0d1013);
    --az-surface: var(--alibi-zarr-surface, #15191e);
    --az-raised: var(--alibi-zarr-raised, #1d2329);
    --az-hover: var(--alibi-zarr-hover, #272f37);
    --az-line: var(--alibi-zarr-line, #2a323b);
    --az-text: var(--alibi-zarr-text, #dde3e9);
    --az-muted: var(--alibi-zarr-muted, #93a0ad);
    --az-accent: var(--alibi-zarr-accent, #63c5d6);
    --az-on-accent: var(--alibi-zarr-on-accent, #06222a);
    --az-warn: var(--alibi-zarr-warn, #e6b455);
    --az-bad: var(--alibi-zarr-bad, #f0806c);
    --az-good: var(--alibi-zarr-good, #7fcf8f);
    --az-radius: 6px;
    --az-gap: 8px;
    box-sizing: border-box;
    color: var(--az-text);
    font: 13px/1.4 system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif;
    font-variant-numeric: tabular-nums;
  }
  :host([hidden]), [hidden] { display: none !important; }
  /* Not inherited: what is inside details would have the box of its pseudo-element. */
  *, *::before, *::after { box-sizing: border-box; }
  h2, h3, p { margin: 0; font: inherit; }

  button, select, input[type='text'], input[type='number'], input[type='url'] {
    font: inherit; color: inherit; background: var(--az-raised); border: 1px solid var(--az-line);
    border-radius: var(--az-radius); height: 28px; padding: 0 10px; min-width: 0;
  }
  button { cursor: pointer; display: inline-flex; align-items: center; justify-content: center; gap: 6px; white-space: nowrap; }
  button:hover:not(:disabled) { background: var(--az-hover); }
  button:disabled, input:disabled { opacity: 0.45; cursor: default; }
  button.primary { background: var(--az-accent); border-color: transparent; color: var(--az-on-accent); font-weight: 600; }
  button.primary:hover:not(:disabled) { filter: brightness(1.1); background: var(--az-accent); }
  button.icon { width: 28px; padding: 0; background: none; border-color: transparent; color: var(--az-muted); flex: none; }
  button.icon:hover:not(:disabled) { color: var(--az-text); background: var(--az-hover); }
  button[aria-pressed='true'], button[aria-checked='true'] { color: var(--az-accent); background: color-mix(in srgb, var(--az-accent) 16%, var(--az-raised)); border-color: color-mix(in srgb, var(--az-accent) 45%, transparent); }
  button.icon[aria-pressed='true'] { background: none; border-color: transparent; color: var(--az-text); }
  :focus-visible { outline: 2px solid var(--az-accent); outline-offset: 1px; }
  svg { width: 16px; height: 16px; display: block; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }

  input[type='range'] { appearance: none; background: none; height: 18px; margin: 0; width: 100%; min-width: 0; cursor: pointer; }
  input[type='range']::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: var(--az-track, var(--az-line)); }
  input[type='range']::-webkit-slider-thumb { appearance: none; width: 12px; height: 12px; margin-top: -4.5px; border-radius: 50%; background: var(--az-text); border: 0; }
  input[type='range']::-moz-range-track { height: 3px; border-radius: 2px; background: var(--az-track, var(--az-line)); }
  input[type='range']::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: var(--az-text); border: 0; }
  input[type='color'] { appearance: none; width: 18px; height: 18px; padding: 0; border: 0; border-radius: 4px; background: none; cursor: pointer; flex: none; }
  input[type='color']::-webkit-color-swatch-wrapper { padding: 0; }
  input[type='color']::-webkit-color-swatch { border: 1px solid rgb(255 255 255 / 25%); border-radius: 4px; }
  input[type='color']::-moz-color-swatch { border: 1px solid rgb(255 255 255 / 25%); border-radius: 4px; }
  input[type='checkbox'], input[type='radio'] { accent-color: var(--az-accent); margin: 0; }

  .row { display: flex; align-items: center; gap: var(--az-gap); min-width: 0; }
  .grow { flex: 1; min-width: 0; }
  .muted { color: var(--az-muted); }
  .small { font-size: 12px; }
  .clip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: no-preference) {
    button { transition: background 0.12s, color 0.12s; }
  }
`;

/** One titled group of controls in a panel. */
export const sectionStyle = css`
  :host { display: block; border-bottom: 1px solid var(--az-line); padding: 10px 12px 12px; }
  h2 { display: flex; align-items: center; gap: 6px; min-height: 24px; margin-bottom: 6px; font-weight: 600; font-size: 11px; letter-spacing: 0.06em; text-transform: uppercase; color: var(--az-muted); }
  h2 .grow { overflow: hidden; text-overflow: ellipsis; }
  .stack { display: grid; gap: 8px; }
`;

/** A section that is a `details` of its own, with a remark at the right of its title. */
export const foldStyle = css`
  summary { cursor: pointer; list-style: none; display: flex; align-items: center; gap: 6px; min-height: 24px; font-weight: 600; font-size: 11px; letter-spacing: 0.06em; text-transform: uppercase; color: var(--az-muted); }
  summary::-webkit-details-marker { display: none; }
  summary::before { content: '›'; font-size: 14px; width: 8px; transition: transform 0.12s; }
  details[open] > summary::before { transform: rotate(90deg); }
  summary .score { margin-left: auto; color: var(--az-text); text-transform: none; letter-spacing: 0; }
  details > .stack { margin-top: 6px; }
`;
