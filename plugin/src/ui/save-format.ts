import { html, nothing } from 'lit';
import type { OmeImage } from '../ome/ome-image.ts';
import type { TargetKind } from './save-targets.ts';

/** How labels are to be stored. */
export interface SaveFormat {
  readonly version: '0.4' | '0.5';
  readonly compression: 'blosc' | 'zstd' | 'none';
  /** null: where it pays */
  readonly sharded: boolean | null;
}

/**
 * The version that a place leaves no choice of: an .ozx holds 0.5, and labels in an image, or shown as if they lay there, have the
 * image's. `null`: any.
 */
export function versionOfPlace(kind: TargetKind, image: OmeImage): SaveFormat['version'] | null {
  if (kind === 'archive') return '0.5';
  if (kind === 'image' || kind === 'browser') return image.version === '0.5' ? '0.5' : '0.4';
  return null;
}

/** Asks for what the place leaves open; 0.4 has no shards. */
export function formatFields(
  { version, compression, sharded }: SaveFormat,
  {
    hasVersion,
    change,
  }: {
    /** The place has a version of its own. */
    readonly hasVersion: boolean;
    readonly change: (part: Partial<SaveFormat>) => void;
  },
) {
  return html`<details>
    <summary class="small">Format</summary>
    ${
      hasVersion
        ? nothing
        : choice('OME-Zarr', version, { '0.4': '0.4', '0.5': '0.5' }, (chosen) => change({ version: chosen }))
    }
    ${
      version === '0.4'
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
