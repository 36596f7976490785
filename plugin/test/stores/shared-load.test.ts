import { describe, expect, it } from 'vitest';
import { SharedLoad } from '../../src/stores/shared-load.ts';

/** Loads that end when told to. */
function controlled() {
  const started: string[] = [];
  const signals: AbortSignal[] = [];
  const ends: { resolve: (value: string) => void; reject: (reason: unknown) => void }[] = [];
  const shared = new SharedLoad<string>((key, signal) => {
    started.push(key);
    signals.push(signal);
    return new Promise((resolve, reject) => {
      ends.push({ resolve, reject });
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }, 2);
  return { shared, started, signals, ends };
}

describe('a shared load', () => {
  it('runs once for many callers, and is kept', async () => {
    const { shared, started, ends } = controlled();
    const both = Promise.all([shared.get('a', undefined), shared.get('a', undefined)]);
    ends[0]?.resolve('A');
    expect(await both).toEqual(['A', 'A']);
    expect(await shared.get('a', undefined)).toBe('A');
    expect(started).toEqual(['a']);
  });

  it('forgets failures', async () => {
    const { shared, started, ends } = controlled();
    const failing = shared.get('a', undefined);
    ends[0]?.reject(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    const again = shared.get('a', undefined);
    ends[1]?.resolve('A');
    expect(await again).toBe('A');
    expect(started).toEqual(['a', 'a']);
  });

  it('is aborted by the last caller to leave, not before', async () => {
    const { shared, signals, started } = controlled();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = shared.get('a', one.signal);
    const second = shared.get('a', two.signal);
    one.abort(new Error('one'));
    await expect(first).rejects.toThrow('one');
    expect(signals[0]?.aborted).toBe(false);
    two.abort(new Error('two'));
    await expect(second).rejects.toThrow('two');
    expect(signals[0]?.aborted).toBe(true);
    await expect(shared.get('a', AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    expect(started).toEqual(['a']);
  });

  it('drops the least recently asked for beyond its limit', async () => {
    const { shared, started, ends } = controlled();
    for (const [i, key] of ['a', 'b'].entries()) {
      const value = shared.get(key, undefined);
      ends[i]?.resolve(key);
      await value;
    }
    await shared.get('a', undefined);
    const third = shared.get('c', undefined);
    ends[2]?.resolve('c');
    await third;
    await shared.get('a', undefined);
    expect(started).toEqual(['a', 'b', 'c']);
    void shared.get('b', undefined);
    expect(started).toEqual(['a', 'b', 'c', 'b']);
  });
});
