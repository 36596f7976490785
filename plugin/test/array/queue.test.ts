import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/array/on-abort.ts';
import { createQueue } from '../../src/array/queue.ts';
import { scheduled } from '../../src/array/scheduled.ts';
import { countedSignal, deferred, fakeArray, settle } from './fake-array.ts';

describe('createQueue', () => {
  it('starts the most urgent first and equals in order of arrival', async () => {
    const queue = createQueue({ slots: 1 });
    const order: string[] = [];
    const task = (name: string) => async () => {
      order.push(name);
    };
    await Promise.all([
      queue.run(task('late'), { priority: () => 2 }),
      queue.run(task('first of equals'), { priority: () => 1 }),
      queue.run(task('second of equals'), { priority: () => 1 }),
      queue.run(task('soon'), { priority: () => 0 }),
    ]);
    expect(order).toEqual(['soon', 'first of equals', 'second of equals', 'late']);
  });

  it('reads priorities again whenever a slot is free', async () => {
    const queue = createQueue({ slots: 1 });
    const gate = deferred();
    const order: string[] = [];
    const priorities = { a: 1, b: 2 };
    const blocking = queue.run(() => gate.promise);
    await settle();
    const rest = (['a', 'b'] as const).map((name) =>
      queue.run(async () => void order.push(name), { priority: () => priorities[name] }),
    );
    priorities.a = 3; // the view has moved
    gate.resolve();
    await Promise.all([blocking, ...rest]);
    expect(order).toEqual(['b', 'a']);
  });

  it('never runs more than its slots', async () => {
    const queue = createQueue({ slots: 2 });
    let most = 0;
    let now = 0;
    await Promise.all(
      Array.from({ length: 9 }, () =>
        queue.run(async () => {
          most = Math.max(most, ++now);
          await settle();
          now--;
        }),
      ),
    );
    expect(most).toBe(2);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it('gives the place, or the slot, of an aborted task away at once', async () => {
    const queue = createQueue({ slots: 1 });
    const running = new AbortController();
    const waiting = new AbortController();
    const gate = deferred<string>();
    const first = queue.run(() => gate.promise, { signal: running.signal });
    const second = queue.run(async () => expect.fail('it was aborted'), { signal: waiting.signal });
    const third = queue.run(async () => 'third');
    await settle();
    expect([queue.running, queue.waiting]).toEqual([1, 2]);
    waiting.abort();
    expect(queue.waiting).toBe(1);
    running.abort();
    expect(queue.running).toBe(0);
    await expect(first).rejects.toBe(running.signal.reason);
    await expect(second).rejects.toBe(waiting.signal.reason);
    expect(await third).toBe('third');
    gate.resolve('late'); // the abandoned task ends: it must not free a slot twice
    await settle();
    expect(queue.running).toBe(0);
  });

  it('keeps the slot of an aborted task that cannot be stopped, and gives its result', async () => {
    const queue = createQueue({ slots: 1 });
    const controller = new AbortController();
    const gate = deferred<string>();
    const run = queue.run(() => gate.promise, { signal: controller.signal, whenAborted: 'finish' });
    await settle();
    controller.abort();
    expect(queue.running).toBe(1);
    gate.resolve('done');
    expect(await run).toBe('done');
    await expect(queue.run(async () => 1, { signal: controller.signal })).rejects.toBe(
      controller.signal.reason,
    );
  });

  it('goes on after a task that throws, and leaves no listener behind', async () => {
    const queue = createQueue({ slots: 1 });
    const { signal, listeners } = countedSignal(new AbortController().signal);
    await expect(queue.run(() => Promise.reject(new Error('no')), { signal })).rejects.toThrow('no');
    expect(await queue.run(async () => 'yes', { signal })).toBe('yes');
    expect(listeners()).toBe(0);
  });
});

describe('scheduled', () => {
  it('asks for chunks in order of priority, one array or many', async () => {
    const order: string[] = [];
    const array = (name: string) =>
      scheduled(
        fakeArray({ shape: [4], chunkShape: [1], before: async ([i]) => void order.push(`${name}${i}`) }),
        queue,
      );
    const queue = createQueue({ slots: 1 });
    const [a, b] = [array('a'), array('b')];
    await Promise.all([
      a.getChunk([0], { priority: () => 3 }),
      b.getChunk([1], { priority: () => 1 }),
      a.getChunk([2], { priority: () => 2 }),
    ]);
    expect(order).toEqual(['b1', 'a2', 'a0']);
  });
});

describe('onAbort', () => {
  it('puts one listener on a signal for many callbacks and takes it away with the last', () => {
    const controller = new AbortController();
    const { signal, listeners } = countedSignal(controller.signal);
    const called: number[] = [];
    const forget = [0, 1, 2].map((i) => onAbort(signal, () => called.push(i)));
    expect(listeners()).toBe(1);
    forget[1]!();
    controller.abort();
    expect(called).toEqual([0, 2]);
    expect(listeners()).toBe(0);
    for (const f of forget) f();
    expect(listeners()).toBe(0);
  });
});
