import { describe, expect, it } from 'vitest';
import type { Suggestion } from '../src/segment/suggest-places.ts';
import { Guidance, type GuidanceEvents } from '../src/session-guidance.ts';

type Look = Parameters<GuidanceEvents['look']>[0];

const place = (x: number): Suggestion => ({ t: 0, z: 0, y: 0, x, uncertainty: 1 });

/** Guidance whose searches are answered by hand. */
function setUp() {
  const looks: (Look & { resolve(places: readonly Suggestion[]): void; reject(error: unknown): void })[] = [];
  const layers: string[] = [];
  const guidance = new Guidance({
    changed: () => {},
    layer: async (kind) => void layers.push(kind),
    removeLayer: () => void layers.push('none'),
    look: (options) =>
      new Promise((resolve, reject) => {
        looks.push({ ...options, resolve, reject });
      }),
  });
  return { guidance, looks, layers };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('guidance', () => {
  it('looks once there is a classifier, shows better lists as they come, and looks again after each training', async () => {
    const { guidance, looks } = setUp();
    guidance.suggest(true);
    expect(guidance.status).toEqual({ kind: 'waiting' });
    expect(looks).toHaveLength(0);
    guidance.trained();
    expect(guidance.status).toEqual({ kind: 'looking', places: [] });
    looks[0]?.onList([place(1)]);
    expect(guidance.status).toEqual({ kind: 'looking', places: [place(1)] });
    looks[0]?.resolve([place(2)]);
    await settled();
    expect(guidance.status).toEqual({ kind: 'ready', places: [place(2)] });
    guidance.trained();
    expect(looks).toHaveLength(2);
    expect(guidance.status).toEqual({ kind: 'looking', places: [] });
  });

  it('never shows places of an old classifier, however late they come', async () => {
    const { guidance, looks } = setUp();
    guidance.trained();
    guidance.suggest(true);
    looks[0]?.onList([place(1)]);
    guidance.outdated();
    expect(guidance.status).toEqual({ kind: 'waiting' });
    expect(looks[0]?.signal.aborted).toBe(true);
    looks[0]?.onList([place(7)]);
    looks[0]?.resolve([place(7)]);
    await settled();
    expect(guidance.status).toEqual({ kind: 'waiting' });
    guidance.trained();
    looks[1]?.resolve([place(3)]);
    await settled();
    expect(guidance.status).toEqual({ kind: 'ready', places: [place(3)] });
  });

  it('keeps what was found when the search is cancelled, says when it failed, and stops when it is switched off', async () => {
    const { guidance, looks } = setUp();
    guidance.trained();
    guidance.suggest(true);
    looks[0]?.onList([place(1)]);
    looks[0]?.reject(new DOMException('cancelled', 'AbortError'));
    await settled();
    expect(guidance.status).toEqual({ kind: 'ready', places: [place(1)] });
    guidance.trained();
    looks[1]?.reject(new Error('broken'));
    await settled();
    expect(guidance.status).toEqual({ kind: 'failed' });
    guidance.suggest(false);
    expect(guidance.status).toEqual({ kind: 'off' });
  });

  it('takes a reviewed place off the list and leaves its surroundings out of later ones', async () => {
    const { guidance, looks } = setUp();
    guidance.trained();
    guidance.suggest(true);
    const [near, far] = [place(10), place(1000)];
    looks[0]?.resolve([near, far]);
    await settled();
    guidance.review(near);
    expect(guidance.status).toEqual({ kind: 'ready', places: [far] });
    guidance.trained();
    expect(looks[1]?.isSettled({ t: 0, z: 0, y: 5, x: 12 })).toBe(true);
    expect(looks[1]?.isSettled({ t: 0, z: 1, y: 5, x: 12 })).toBe(false);
    expect(looks[1]?.isSettled({ t: 0, z: 0, y: 5, x: 1000 })).toBe(false);
    guidance.clearReviewed();
    expect(looks[2]?.isSettled({ t: 0, z: 0, y: 5, x: 12 })).toBe(false);
  });

  it('makes the uncertainty layer anew after each training until it is switched off or taken away', () => {
    const { guidance, layers } = setUp();
    guidance.showUncertainty('margin');
    expect(layers).toEqual(['none']);
    guidance.trained();
    guidance.showUncertainty('entropy');
    guidance.outdated();
    guidance.trained();
    expect(layers).toEqual(['none', 'margin', 'entropy', 'none', 'entropy']);
    guidance.layerRemoved();
    expect(guidance.uncertainty).toBe(null);
    guidance.trained();
    expect(layers.at(-1)).toBe('none');
  });
});
