import { css } from 'lit';

export const viewerStyle = css`
  :host { display: block; position: relative; min-height: 240px; background: var(--az-back); overflow: hidden; container-type: size; }
  .stage { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 10px; padding: 24px; text-align: center; overflow: auto; }
  .stage h2 { font-size: 17px; font-weight: 600; }
  .stage .what, .stage .where { max-width: 62ch; overflow-wrap: anywhere; }
  .stage .what { color: var(--az-bad); }
  .spinner { width: 26px; height: 26px; border-radius: 50%; border: 2.5px solid var(--az-line); border-top-color: var(--az-accent); }
  @media (prefers-reduced-motion: no-preference) { .spinner { animation: turn 0.9s linear infinite; } }
  @keyframes turn { to { transform: rotate(1turn); } }

  .workspace { position: absolute; inset: 0; display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr) auto; }
  .picture { position: relative; min-width: 0; overflow: hidden; }
  alibi-zarr-canvas { position: absolute; inset: 0; }
  alibi-zarr-panel { width: 300px; grid-column: 2; grid-row: 1 / 3; border-left: 1px solid var(--az-line); }
  alibi-zarr-status-bar { grid-column: 1; grid-row: 2; }
  alibi-zarr-toolbar { position: absolute; left: 12px; top: 12px; }
  .way { position: absolute; left: 62px; top: 12px; max-width: min(320px, calc(100% - 76px)); background: color-mix(in srgb, var(--az-surface) 90%, transparent); }
  alibi-zarr-scale-bar { position: absolute; left: 16px; bottom: 14px; }
  alibi-zarr-slices { position: absolute; left: 50%; bottom: 12px; transform: translateX(-50%); width: min(420px, calc(100% - 360px)); min-width: 180px; padding: 4px 10px; border-radius: 8px; background: color-mix(in srgb, var(--az-surface) 85%, transparent); }
  .notices { position: absolute; right: 12px; top: 12px; width: min(340px, calc(100% - 76px)); display: grid; gap: 6px; justify-items: end; max-height: calc(100% - 70px); overflow: auto; scrollbar-width: none; }
  .notices alibi-zarr-messages { width: 100%; }

  @container (max-width: 720px) {
    .workspace { grid-template: minmax(0, 1fr) auto minmax(0, 45%) / minmax(0, 1fr); }
    alibi-zarr-status-bar { grid-row: 2; }
    alibi-zarr-panel { width: auto; grid-column: 1; grid-row: 3; border-left: 0; border-top: 1px solid var(--az-line); }
    alibi-zarr-slices { left: auto; right: 12px; transform: none; width: calc(100% - 190px); }
  }
`;
