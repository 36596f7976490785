import type { Dice } from './dice.ts';

/** 32-bit numbers that a header may claim. */
const claims = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000000, 0x00010000];

/**
 * Bytes with one thing wrong: flipped bits, cut off, something in between, a run of zeros, or a number near the beginning
 * or the end (where headers and indexes lie) that claims too much.
 *
 * @returns  new bytes, and what was done in a few words
 */
export function hostileBytes(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  return dice.weighted<() => { bytes: Uint8Array; what: string }>([
    [4, () => flipped(bytes, dice)],
    [2, () => ({ bytes: bytes.slice(0, dice.int(bytes.length + 1)), what: 'cut off' })],
    [1, () => inserted(bytes, dice)],
    [1, () => zeroed(bytes, dice)],
    [4, () => claimed(bytes, dice)],
    [0.5, () => ({ bytes: new Uint8Array(), what: 'empty' })],
    [0.5, () => ({ bytes: new TextEncoder().encode('<!doctype html><p>Not found'), what: 'a page of HTML' })],
    [0.5, () => ({ bytes: joined(bytes, bytes), what: 'twice' })],
  ])();
}

function flipped(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  const out = bytes.slice();
  const count = dice.pick([1, 1, 2, 8, 64]);
  // Half of the time in the first bytes, where one bit changes most.
  const reach = dice.chance(0.5) ? Math.min(32, out.length) : out.length;
  for (let i = 0; i < count && reach > 0; i++) out[dice.int(reach)]! ^= 1 << dice.int(8);
  return { bytes: out, what: `${count} bits flipped` };
}

function inserted(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  const at = dice.int(bytes.length + 1);
  const more = Uint8Array.from({ length: dice.pick([1, 4, 1000]) }, () => dice.int(256));
  return {
    bytes: joined(bytes.subarray(0, at), more, bytes.subarray(at)),
    what: `${more.length} bytes more`,
  };
}

function zeroed(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  const at = dice.int(bytes.length + 1);
  return {
    bytes: bytes.slice().fill(dice.pick([0, 255]), at, at + dice.pick([4, 100, 1e6])),
    what: 'a run of one byte',
  };
}

function claimed(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  if (bytes.length < 8) return flipped(bytes, dice);
  const out = bytes.slice();
  const near = dice.int(Math.min(64, out.length - 7));
  const at = dice.chance(0.5) ? near : out.length - 8 - near;
  const view = new DataView(out.buffer);
  view.setUint32(at, dice.pick(claims), true);
  if (dice.chance(0.4)) view.setUint32(at + 4, dice.pick(claims), true);
  return { bytes: out, what: `another number at byte ${at}` };
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
