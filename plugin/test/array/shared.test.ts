import { describe, expect, it } from 'vitest';
import { createQueue } from '../../src/array/queue.ts';
import { scheduled } from '../../src/array/scheduled.ts';
import { shared } from '../../src/array/shared.ts';
import { countedSignal, deferred, type FakeArray, fakeArray, settle, untilAborted } from './fake-array.ts';

const shape = { shape: [4], chunkShape: [1] };

describe('shared', () => {
  it('makes one flight for many callers', async () => {
    const source = fakeArray(shape);
    const array = shared(source);
    const chunks = await Promise.all([1, 2, 3].map(() => array.getChunk([2], {})));
    expect(source.asked).toEqual(['2']);
    expect(chunks[0]).toBe(chunks[2]);
    await array.getChunk([2], {});
    expect(source.asked).toEqual(['2', '2']); // nothing is kept: that is what `cached` is for
  });

  it('takes out only the caller that aborts', async () => {
    const gate = deferred();
    const signals: (AbortSignal | undefined)[] = [];
    const array = shared(
      fakeArray({
        ...shape,
        before: (_, signal) => {
          signals.push(signal);
          return gate.promise;
        },
      }),
    );
    const controller = new AbortController();
    const one = array.getChunk([0], { signal: controller.signal });
    const other = array.getChunk([0], { signal: new AbortController().signal });
    controller.abort();
    await expect(one).rejects.toBe(controller.signal.reason);
    expect(signals[0]?.aborted).toBe(false);
    gate.resolve();
    expect((await other).data[0]).toBe(0);
  });

  it('aborts the flight when the last caller leaves, and starts afresh for the next', async () => {
    const source: FakeArray<'float32'> = fakeArray({
      ...shape,
      before: (_, signal) => (source.asked.length === 1 ? untilAborted(signal) : Promise.resolve()),
    });
    const array = shared(source);
    const controllers = [new AbortController(), new AbortController()];
    const asked = controllers.map(({ signal }) => array.getChunk([1], { signal }));
    const outcomes = Promise.allSettled(asked);
    for (const controller of controllers) controller.abort();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await array.getChunk([1], {})).data[0]).toBe(1);
    expect(source.asked).toEqual(['1', '1']);
  });

  it('does not even ask for a caller that has aborted', async () => {
    const source = fakeArray(shape);
    const signal = AbortSignal.abort();
    await expect(shared(source).getChunk([0], { signal })).rejects.toBe(signal.reason);
    expect(source.asked).toEqual([]);
  });

  it('gives a rejection to all callers and keeps it for none', async () => {
    let fails = true;
    const array = shared(
      fakeArray({
        ...shape,
        before: async () => {
          if (fails) throw new Error('lost');
        },
      }),
    );
    const outcomes = await Promise.allSettled([array.getChunk([0], {}), array.getChunk([0], {})]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect((await array.getChunk([0], {})).data[0]).toBe(0);
  });

  it('is as urgent as the most urgent caller still there', async () => {
    const order: string[] = [];
    const queue = createQueue({ slots: 1 });
    const gate = deferred();
    const blocking = queue.run(() => gate.promise);
    await settle();
    const array = shared(
      scheduled(fakeArray({ ...shape, before: async ([i]) => void order.push(String(i)) }), queue),
    );
    const urgent = new AbortController();
    const leaving = array.getChunk([0], { priority: () => 0, signal: urgent.signal });
    const asked = [
      array.getChunk([0], { priority: () => 9 }),
      array.getChunk([1], { priority: () => 5 }),
      array.getChunk([2], { priority: () => 7 }),
      array.getChunk([2], { priority: () => 1 }),
    ];
    urgent.abort(); // chunk 0 falls back to 9
    await expect(leaving).rejects.toThrow(/abort/i);
    gate.resolve();
    await Promise.all([blocking, ...asked]);
    expect(order).toEqual(['2', '1', '0']);
  });

  it('does not give callers after an edit the values from before', async () => {
    const gate = deferred();
    const source: FakeArray<'float32'> = fakeArray({
      ...shape,
      before: () => gate.promise,
      value: () => source.revision,
    });
    const array = shared(source);
    const before = array.getChunk([0], {});
    source.revision = 1;
    expect(array.revision).toBe(1);
    const after = array.getChunk([0], {});
    gate.resolve();
    await Promise.all([before, after]);
    expect(source.asked).toEqual(['0', '0']);
  });

  it('leaves no listeners on its callers’ signals', async () => {
    const array = shared(fakeArray(shape));
    const { signal, listeners } = countedSignal(new AbortController().signal);
    await Promise.all([0, 1, 2, 3].map((i) => array.getChunk([i], { signal })));
    expect(listeners()).toBe(0);
  });
});
