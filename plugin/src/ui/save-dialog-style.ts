import { css } from 'lit';

/** The save dialog: questions, progress, what went wrong. */
export const saveDialogStyle = css`
  dialog { width: min(420px, calc(100vw - 32px)); padding: 0; border: 1px solid var(--az-line); border-radius: 10px; background: var(--az-surface); color: var(--az-text); font: inherit; box-shadow: 0 20px 60px rgb(0 0 0 / 60%); }
  dialog::backdrop { background: rgb(0 0 0 / 55%); }
  form { display: grid; gap: 14px; padding: 18px; }
  h2 { font-size: 15px; font-weight: 600; }
  .field { display: grid; gap: 4px; }
  .field > span { color: var(--az-muted); font-size: 12px; }
  fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: 6px; }
  legend { color: var(--az-muted); font-size: 12px; padding: 0; margin-bottom: 4px; }
  .target { display: grid; grid-template-columns: auto 1fr; gap: 0 10px; align-items: center; padding: 8px 10px; border: 1px solid var(--az-line); border-radius: var(--az-radius); cursor: pointer; }
  .target:has(:checked) { border-color: var(--az-accent); background: color-mix(in srgb, var(--az-accent) 9%, transparent); }
  .target.off { opacity: 0.5; cursor: default; }
  .target .text { grid-column: 2; color: var(--az-muted); font-size: 12px; overflow-wrap: anywhere; }
  .plan { color: var(--az-muted); overflow-wrap: anywhere; }
  summary { cursor: pointer; color: var(--az-muted); }
  .problem { color: var(--az-bad); font-size: 12px; min-height: 17px; }
  .error { padding: 8px 10px; border-radius: var(--az-radius); border: 1px solid color-mix(in srgb, var(--az-bad) 45%, transparent); background: color-mix(in srgb, var(--az-bad) 12%, transparent); overflow-wrap: anywhere; }
  .actions { display: flex; justify-content: flex-end; gap: 8px; align-items: center; }
  progress { width: 100%; height: 6px; appearance: none; border: 0; border-radius: 3px; overflow: hidden; }
  progress::-webkit-progress-bar { background: var(--az-line); }
  progress::-webkit-progress-value { background: var(--az-accent); }
  progress::-moz-progress-bar { background: var(--az-accent); }
`;
