import type { Dice } from './dice.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileNumber, hostileText, hostileValue } from './hostile-values.ts';

/** A place in a JSON value: the object or list that holds it, and its key there. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** What was made longer, or nested without end, by a mutation before is spoilt as bytes. */
const mostToParse = 30_000;

/** Stands for JSON text that `JSON.stringify` would not give, such as `NaN`. */
const marker = '\u0001raw:';

/**
 * Metadata with one thing wrong: a value of another kind, a path that leads elsewhere, a key twice, a key of the
 * prototype, a list that never ends, deep nesting, or bytes that are no JSON any more.
 *
 * @param longest  longer bytes are spoilt as bytes
 * @returns  the bytes, and what was done in a few words
 */
export function hostileJson(
  bytes: Uint8Array,
  dice: Dice,
  longest = mostToParse,
): { bytes: Uint8Array; what: string } {
  const value = bytes.length > longest || isDeep(bytes) ? undefined : parse(bytes);
  if (value === undefined || dice.chance(0.08)) return hostileBytes(bytes, dice);
  const places = placesOf(value);
  if (places.length === 0) return hostileBytes(bytes, dice);
  // Every key as often as every other, so that a list of a thousand colours does not crowd out the shape.
  const byName = new Map<string, Place[]>();
  for (const place of places) {
    const name = Array.isArray(place.holder) ? '[]' : place.key;
    byName.set(name, [...(byName.get(name) ?? []), place]);
  }
  const place = dice.pick(byName.get(dice.pick([...byName.keys()]))!);
  const what = mutate(place, dice);
  return { bytes: new TextEncoder().encode(write(value)), what };
}

/** Nested deeper than what walks it could follow: by a mutation before. Brackets in texts count too; there are few. */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  for (const byte of bytes) {
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > 1000) return true;
  }
  return false;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Some files of the corpus are broken already.
    return undefined;
  }
}

function isHolder(value: unknown): value is Record<string, unknown> | unknown[] {
  return typeof value === 'object' && value !== null;
}

/** Deeper a value is left as it is; a second mutation meets what the first has nested. */
const deepest = 50;

function placesOf(root: unknown): Place[] {
  const places: Place[] = [];
  const walk = (holder: Record<string, unknown> | unknown[], depth: number): void => {
    if (depth > deepest) return;
    for (const key of Object.keys(holder).slice(0, 200)) {
      places.push({ holder, key });
      const value: unknown = Reflect.get(holder, key);
      if (isHolder(value)) walk(value, depth + 1);
    }
  };
  if (isHolder(root)) walk(root, 0);
  return places;
}

function mutate({ holder, key }: Place, dice: Dice): string {
  const old: unknown = Reflect.get(holder, key);
  const set = (text: string): void => {
    Reflect.set(holder, key, marker + text);
  };
  return dice.weighted<() => string>([
    [
      6,
      () => {
        const text = typeof old === 'number' && dice.chance(0.7) ? hostileNumber(dice) : hostileValue(dice);
        set(text);
        return `${key} = ${text.slice(0, 40)}`;
      },
    ],
    [
      typeof old === 'string' ? 6 : 0.5,
      () => {
        const text = JSON.stringify(hostileText(dice));
        set(text);
        return `${key} = ${text.slice(0, 40)}`;
      },
    ],
    [
      2,
      () => {
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        return `without ${key}`;
      },
    ],
    [1, () => enlarge(holder, key, old, dice)],
    [1, () => addKey(holder, key, dice)],
  ])();
}

/** More of the same: a list repeated, a value wrapped, a number multiplied. */
function enlarge(holder: Record<string, unknown> | unknown[], key: string, old: unknown, dice: Dice): string {
  if (typeof old === 'number') {
    const factor = dice.pick([2, 3, 1000, 2 ** 20, 2 ** 32]);
    Reflect.set(holder, key, old * factor);
    return `${key} × ${factor}`;
  }
  if (Array.isArray(old) && old.length > 0) {
    const times = dice.pick([2, 100, 3000]);
    Reflect.set(
      holder,
      key,
      Array.from({ length: Math.min(20_000, times * old.length) }, (_, i) =>
        structuredClone(old[i % old.length]),
      ),
    );
    return `${key} ${times} times`;
  }
  Reflect.set(holder, key, dice.chance(0.5) ? [old] : { [key]: old });
  return `${key} wrapped`;
}

/** The key once more with another value, or one that every object inherits. */
function addKey(holder: Record<string, unknown> | unknown[], key: string, dice: Dice): string {
  if (Array.isArray(holder)) {
    holder.push(marker + hostileValue(dice));
    return 'one more entry';
  }
  const name = dice.pick([key, '__proto__', 'constructor', 'prototype', 'toString', 'must_understand']);
  holder[`${marker}${JSON.stringify(name)}`] = marker + hostileValue(dice);
  return `another ${name}`;
}

/** As `JSON.stringify`, with the marked texts as they are, for keys too. */
function write(value: unknown): string {
  if (typeof value === 'string')
    return value.startsWith(marker) ? value.slice(marker.length) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([key, item]) => `${write(key)}:${write(item)}`)
    .join()}}`;
}
