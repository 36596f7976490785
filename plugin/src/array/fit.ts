import type { Json } from './json.ts';

/**
 * What was learned from data once and then frozen: a PCA basis, centroids, a classifier. Immutable and
 * plain data, so that it can be stored, posted to a worker and named in a result's provenance. A new fit
 * has a new id; nothing is ever changed in place.
 */
export interface Fit<K extends string = string> {
  readonly kind: K;
  /** sha256 (hex) of everything the fit holds but the id itself: equal fits have equal ids. */
  readonly id: string;
  /** What it was computed from: image, channels, normalisation, level, z, t, seed, model. */
  readonly source: Readonly<Record<string, Json>>;
}

/**
 * sha256 (hex, 64 digits) of a canonical encoding of `value`: objects by sorted key, typed arrays by type
 * and little-endian bytes, numbers and strings as in JSON.
 */
export async function fitId(value: unknown): Promise<string> {
  const parts: Uint8Array[] = [];
  encode(value, parts);
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return sha256(bytes);
}

/** sha256 of `bytes` as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const text = new TextEncoder();

function encode(value: unknown, out: Uint8Array[]): void {
  if (ArrayBuffer.isView(value)) {
    out.push(text.encode(`${value.constructor.name}:${value.byteLength}:`));
    out.push(
      new Uint8Array(
        value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) as ArrayBuffer,
      ),
    );
  } else if (Array.isArray(value)) {
    out.push(text.encode(`[${value.length}:`));
    for (const item of value) encode(item, out);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    out.push(text.encode(`{${entries.length}:`));
    for (const [key, item] of entries) {
      out.push(text.encode(`${JSON.stringify(key)}=`));
      encode(item, out);
    }
  } else {
    out.push(text.encode(`${JSON.stringify(value)},`));
  }
}
