import { afterEach, describe, expect, it, vi } from 'vitest';
import { AlibiError } from '../../../src/errors.ts';
import { type TileLoad, TileStore } from '../../../src/views/deck/tile-store.ts';

function setup(options: { slots?: number; byteLimit?: number } = {}) {
  const started: string[] = [];
  const settle = new Map<
    string,
    { resolve: (bytes: number) => void; reject: (error: Error) => void; load: TileLoad }
  >();
  const errors: AlibiError[] = [];
  const store = new TileStore<number>({
    byteLength: (bytes) => bytes,
    byteLimit: options.byteLimit ?? 1000,
    slots: options.slots ?? 2,
    onChange: () => {},
    onError: (error) => errors.push(error),
  });
  const wish = (key: string) => ({
    key,
    load: (load: TileLoad) =>
      new Promise<number>((resolve, reject) => {
        started.push(key);
        settle.set(key, { resolve, reject, load });
        load.signal.addEventListener('abort', () => reject(load.signal.reason));
      }),
  });
  const want = (...keys: string[]) => store.want(keys.map(wish));
  const finish = async (key: string, bytes = 100) => {
    settle.get(key)?.resolve(bytes);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const fail = async (key: string, error: Error) => {
    settle.get(key)?.reject(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { store, started, settle, errors, want, finish, fail };
}

const busy = new AlibiError('Network', { what: 'busy', where: 'x', remedy: 'Wait.', data: { status: 503 } });
const missing = new AlibiError('Network', { what: 'no', where: 'x', remedy: 'Look.', data: { status: 403 } });

describe('TileStore', () => {
  afterEach(() => vi.useRealTimers());

  it('loads in the order of the wishes, a few at a time', async () => {
    const { store, started, want, finish } = setup();
    want('a', 'b', 'c');
    expect(started).toEqual(['a', 'b']);
    expect(store.pending).toBe(3);
    await finish('a');
    expect(started).toEqual(['a', 'b', 'c']);
    expect(store.ready('a')).toBe(100);
    expect(store.pending).toBe(2);
  });

  it('aborts what left the view and starts what came into it', async () => {
    const { started, settle, want, store } = setup();
    want('a', 'b', 'c');
    want('d', 'b');
    expect(settle.get('a')?.load.signal.aborted).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(['a', 'b', 'd']);
    expect(store.get('a')).toBeUndefined();
    expect(store.get('c')).toBeUndefined();
  });

  it('tells a load its rank as it is now', () => {
    const { settle, want } = setup({ slots: 3 });
    want('a', 'b', 'c');
    expect(settle.get('c')?.load.priority()).toBe(2);
    want('c', 'a');
    expect(settle.get('c')?.load.priority()).toBe(0);
  });

  it('does not mistake an aborted load for the new one of the same tile', async () => {
    const { store, started, want, finish } = setup();
    want('a');
    want();
    want('a');
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(['a', 'a']);
    await finish('a', 7);
    expect(store.ready('a')).toBe(7);
  });

  it('keeps what was used last within its bytes, and always what is in view', async () => {
    const { store, want, finish } = setup({ byteLimit: 250, slots: 9 });
    want('a', 'b', 'c');
    for (const key of ['a', 'b', 'c']) await finish(key);
    expect(store.byteLength).toBe(300);
    store.ready('a');
    want('c');
    expect([store.get('a')?.kind, store.get('b'), store.byteLength]).toEqual(['ready', undefined, 200]);
  });

  it('asks again after a back-off that doubles, for what may pass', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { started, want, fail, errors } = setup();
    want('a');
    await fail('a', busy);
    vi.advanceTimersByTime(999);
    expect(started).toEqual(['a']);
    vi.advanceTimersByTime(2);
    expect(started).toEqual(['a', 'a']);
    await fail('a', busy);
    vi.advanceTimersByTime(1990);
    expect(started).toHaveLength(2);
    vi.advanceTimersByTime(20);
    expect(started).toHaveLength(3);
    expect(errors).toHaveLength(1);
  });

  it('leaves a lasting failure alone until it is told to retry', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { store, started, want, fail } = setup();
    want('a');
    await fail('a', missing);
    vi.advanceTimersByTime(100_000);
    expect(started).toHaveLength(1);
    expect(store.get('a')?.kind).toBe('failed');
    store.retry();
    expect(started).toHaveLength(2);
  });

  it('aborts everything when closed and starts nothing more', () => {
    const { store, settle, started, want } = setup({ slots: 1 });
    want('a', 'b');
    store.close();
    expect(settle.get('a')?.load.signal.aborted).toBe(true);
    want('c');
    expect(started).toEqual(['a']);
  });
});
