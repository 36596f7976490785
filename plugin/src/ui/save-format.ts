import { html, nothing } from 'lit';
import type { TargetKind } from './save-targets.ts';

/** How labels are to be stored. */
export interface SaveFormat {
  readonly version: '0.4' | '0.5';
  readonly compression: 'blosc' | 'zstd' | 'none';
  /** null: where it pays */
  readonly sharded: boolean | null;
}

/** Asks for what the place leaves open: an image has its version, an .ozx holds 0.5, and 0.4 has no shards. */
export function formatFields(
  { version, compression, sharded }: SaveFormat,
  { kind, change }: { readonly kind: TargetKind; readonly change: (part: Partial<SaveFormat>) => void },
) {
  const isOld = version === '0.4' && kind !== 'archive';
  return html`<details>
    <summary class="small">Format</summary>
    ${
      kind === 'archive' || kind === 'image'
        ? nothing
        : choice('OME-Zarr', version, { '0.4': '0.4', '0.5': '0.5' }, (chosen) => change({ version: chosen }))
    }
    ${
      isOld
        ? nothing
        : choice(
            'Shards',
            sharded === null ? 'auto' : sharded ? 'on' : 'off',
            { auto: 'where they pay', on: 'always', off: 'never' },
            (chosen) => change({ sharded: chosen === 'auto' ? null : chosen === 'on' }),
          )
    }
    ${choice('Compression', compression, { zstd: 'zstd', blosc: 'blosc', none: 'none' }, (chosen) => change({ compression: chosen }))}
  </details>`;
}

function choice<K extends string>(
  label: string,
  value: K,
  texts: Readonly<Record<K, string>>,
  choose: (value: K) => void,
) {
  const isKey = (key: string): key is K => key in texts;
  const keys = Object.keys(texts).filter(isKey);
  return html`<label class="row small"><span class="grow">${label}</span>
    <select @change=${({ target }: Event) => target instanceof HTMLSelectElement && isKey(target.value) && choose(target.value)}>
      ${keys.map((key) => html`<option value=${key} ?selected=${key === value}>${texts[key]}</option>`)}
    </select></label>`;
}
