import { describe, expect, it } from 'vitest';
import { relativeError, runSelfTest } from '../../src/encoder/self-test.ts';
import { selfTestImage } from '../../src/encoder/self-test-input.ts';
import { createSessionEncoder } from '../../src/encoder/session-encoder.ts';
import { countedSignal, deferred, settle } from '../array/fake-array.ts';
import { fakeEncoder, fakeSession } from './fake-encoder.ts';

const image = (value: number) => new Float32Array(3 * 4 * 4).fill(value);

describe('createSessionEncoder', () => {
  it('runs one window at a time, the most urgent next', async () => {
    const order: number[] = [];
    const inner = fakeSession(4);
    const encoder = createSessionEncoder({
      session: {
        ...inner,
        run: async (pixels, heightPx, widthPx) => {
          order.push(pixels[0]!);
          await settle();
          return inner.run(pixels, heightPx, widthPx);
        },
      },
      provider: 'cpu',
      dim: 4,
      patchPx: 4,
      windowMs: 1,
    });
    await Promise.all(
      [3, 1, 2].map((urgency) => encoder.run(image(urgency), 4, 4, { priority: () => urgency })),
    );
    expect(order).toEqual([1, 2, 3]);
    expect(encoder.runs).toBe(3);
  });

  it('lets a queued run go at once and finishes the one under way', async () => {
    const gate = deferred();
    const encoder = fakeEncoder(4, () => gate.promise);
    const controllers = [new AbortController(), new AbortController()];
    const { signal, listeners } = countedSignal(controllers[0]!.signal);
    const inside = encoder.run(image(5), 4, 4, { signal });
    await settle();
    const queued = encoder.run(image(6), 4, 4, { signal: controllers[1]!.signal });
    for (const controller of controllers) controller.abort();
    await expect(queued).rejects.toBe(controllers[1]!.signal.reason);
    gate.resolve();
    expect((await inside).tokens[0]).toBe(5);
    expect(encoder.runs).toBe(1);
    expect(listeners()).toBe(0);
    const late = encoder.run(image(1), 4, 4, { signal: controllers[0]!.signal });
    await expect(late).rejects.toBe(controllers[0]!.signal.reason);
  });

  it('gives tokens token-major', async () => {
    const { tokens, rows, cols } = await fakeEncoder(4).run(new Float32Array(3 * 8 * 12), 8, 12, {});
    expect([rows, cols]).toEqual([2, 3]);
    // Values 2 and 3 of each token are its row and column.
    expect(Array.from({ length: 6 }, (_, i) => [tokens[4 * i + 2], tokens[4 * i + 3]])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
  });

  it('tells the median of its runs, and the estimate before there are any', async () => {
    const clock = [0, 10, 10, 110, 110, 130]; // runs of 10, 100 and 20 ms
    const encoder = createSessionEncoder({
      session: fakeSession(4),
      provider: 'cpu',
      dim: 4,
      patchPx: 4,
      windowMs: 7,
      now: () => clock.shift()!,
    });
    expect(encoder.windowMs).toBe(7);
    for (let i = 0; i < 3; i++) await encoder.run(image(0), 4, 4, {});
    expect(encoder.windowMs).toBe(20);
  });

  it.each([
    [5, 4, 60],
    [4, 4, 47],
    [0, 4, 0],
  ])('refuses %i × %i pixels in %i values', async (heightPx, widthPx, length) => {
    const run = fakeEncoder(4).run(new Float32Array(length), heightPx, widthPx, {});
    await expect(run).rejects.toMatchObject({ tag: 'InvalidInput' });
  });

  it('says so when the graph’s answer is not of the manifest’s size', async () => {
    const encoder = createSessionEncoder({
      session: fakeSession(4),
      provider: 'cpu',
      dim: 5,
      patchPx: 4,
      windowMs: 1,
    });
    await expect(encoder.run(image(0), 4, 4, {})).rejects.toMatchObject({ tag: 'Integrity' });
  });
});

describe('runSelfTest', () => {
  it('times the second run, not the one that warms up', async () => {
    let ms = 0;
    const durations = [500, 20];
    const inner = fakeSession(4);
    const session = {
      ...inner,
      run: async (...args: Parameters<typeof inner.run>) => {
        ms += durations.shift()!;
        return inner.run(...args);
      },
    };
    const expected = await inner.run(selfTestImage(3, 8, 8), 8, 8);
    const outcome = await runSelfTest(
      session,
      { rows: 2, cols: 2, seed: 3, patchPx: 4, expected },
      { now: () => ms },
    );
    expect(outcome).toEqual({ relativeError: 0, runMs: 20 });
  });
});

describe('relativeError', () => {
  it('is ‖a − b‖ / ‖b‖', () => {
    // Differences 3 and 4, norm 10: 5 / 10.
    expect(relativeError(new Float32Array([9, 12]), new Float32Array([6, 8]))).toBeCloseTo(0.5, 7);
  });
  it('admits neither NaN nor another length', () => {
    expect(relativeError(new Float32Array([Number.NaN]), new Float32Array([1]))).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(relativeError(new Float32Array(2), new Float32Array(1))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('selfTestImage', () => {
  it('is the same everywhere: values worked out apart from this code', () => {
    // Python: u(s,c,i,j) with lowbias32 on unsigned 32-bit integers; 0.75·u(1,c,y//7,x//7) + 0.25·u(2,c,y,x).
    const picture = selfTestImage(1, 14, 14);
    expect(picture).toHaveLength(3 * 14 * 14);
    const picked = [0, 13, 14 * 13 + 13, 196, 587].map((i) => picture[i]);
    expect(picked).toEqual(EXPECTED_PIXELS.map(Math.fround));
  });
});

const EXPECTED_PIXELS = [
  -1.447699495125562, 0.0901683596894145, -1.6078341850079596, -1.2125373284798115, -0.2230756243225187,
];
