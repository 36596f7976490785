import { describe, expect, it } from 'vitest';
import { cached } from '../../src/array/cached.ts';
import { type ChunkState, tracked } from '../../src/array/chunk-states.ts';
import { createQueue } from '../../src/array/queue.ts';
import { AlibiError } from '../../src/errors.ts';
import { deferred, fakeArray, settle } from './fake-array.ts';

const shape = { shape: [4], chunkShape: [1] };
const network = () => new AlibiError('Network', { what: 'lost', where: 'x', remedy: 'Wait.' });
const malformed = () => new AlibiError('UnsupportedFormat', { what: 'bad', where: 'x', remedy: 'None.' });

function observed() {
  const seen: string[] = [];
  return {
    seen,
    onChange: (index: readonly number[], state: ChunkState | undefined) =>
      void seen.push(`${index}:${state?.status ?? 'forgotten'}`),
  };
}

describe('tracked', () => {
  it('goes through queued, running and ready', async () => {
    const { seen, onChange } = observed();
    const array = tracked(fakeArray(shape), { onChange, queue: createQueue({ slots: 1 }) });
    await Promise.all([array.getChunk([0], {}), array.getChunk([1], {})]);
    expect(seen).toEqual(['0:queued', '1:queued', '0:running', '0:ready', '1:running', '1:ready']);
    expect(array.counts()).toEqual({ queued: 0, running: 0, ready: 2, failed: 0, evicted: 0 });
  });

  it('does not ask again before the retry time, which doubles up to a minute', async () => {
    let nowMs = 0;
    const source = fakeArray({ ...shape, before: () => Promise.reject(network()) });
    const array = tracked(source, { now: () => nowMs });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      await expect(array.getChunk([0], {})).rejects.toMatchObject({ tag: 'Network' });
      await expect(array.getChunk([0], {})).rejects.toMatchObject({ tag: 'Network' }); // too early: not asked
      const state = array.state([0]);
      if (state?.status !== 'failed') expect.fail('it has failed');
      waits.push(state.retryAtMs - nowMs);
      nowMs = state.retryAtMs;
    }
    expect(source.asked).toHaveLength(9);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  });

  it('never asks again for what cannot mend, unless told to', async () => {
    const source = fakeArray({ ...shape, before: () => Promise.reject(malformed()) });
    const array = tracked(source, { now: () => 1e12 });
    for (let i = 0; i < 3; i++)
      await expect(array.getChunk([0], {})).rejects.toMatchObject({ tag: 'UnsupportedFormat' });
    expect(source.asked).toHaveLength(1);
    array.retry([0]);
    await expect(array.getChunk([0], {})).rejects.toMatchObject({ tag: 'UnsupportedFormat' });
    expect(source.asked).toHaveLength(2);
  });

  it('recovers', async () => {
    let fails = true;
    const { seen, onChange } = observed();
    const array = tracked(
      fakeArray({
        ...shape,
        before: async () => {
          if (fails) throw network();
        },
      }),
      { onChange },
    );
    await expect(array.getChunk([0], {})).rejects.toThrow();
    fails = false;
    array.retry([0]);
    await array.getChunk([0], {});
    expect(seen).toEqual([
      '0:queued',
      '0:running',
      '0:failed',
      '0:failed',
      '0:queued',
      '0:running',
      '0:ready',
    ]);
  });

  it('forgets an aborted chunk, but not while somebody else waits for it', async () => {
    const gate = deferred();
    const { seen, onChange } = observed();
    const array = tracked(fakeArray({ ...shape, before: () => gate.promise }), {
      onChange,
      queue: createQueue({ slots: 2 }),
    });
    const controllers = [new AbortController(), new AbortController()];
    const asked = controllers.map(({ signal }) => array.getChunk([0], { signal }));
    await settle();
    controllers[0]!.abort();
    await expect(asked[0]).rejects.toThrow(/abort/i);
    expect(array.state([0])?.status).toBe('running');
    controllers[1]!.abort();
    await expect(asked[1]).rejects.toThrow(/abort/i);
    expect(array.state([0])).toBeUndefined();
    expect(seen).toEqual(['0:queued', '0:running', '0:forgotten']);
    gate.resolve();
  });

  it('tells when the cache below has dropped a chunk', async () => {
    const kept = cached(fakeArray(shape), { byteLimit: 4, onEvict: (index) => array.evicted(index) });
    const array = tracked(kept);
    await array.getChunk([0], {});
    await array.getChunk([1], {});
    expect([array.state([0])?.status, array.state([1])?.status]).toEqual(['evicted', 'ready']);
  });

  it('remembers no more settled chunks than its limit', async () => {
    const array = tracked(fakeArray(shape), { limit: 2 });
    for (const i of [0, 1, 2, 3]) await array.getChunk([i], {});
    expect([0, 1, 2, 3].map((i) => array.state([i])?.status)).toEqual([
      undefined,
      undefined,
      'ready',
      'ready',
    ]);
  });
});
