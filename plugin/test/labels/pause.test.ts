import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { LabelType, LazyArray } from '../../src/array/lazy-array.ts';
import { wrapped } from '../../src/array/wrapped.ts';
import { isAbort } from '../../src/errors.ts';
import { type MaterializeInput, materialize } from '../../src/labels/materialize.ts';
import { createPause } from '../../src/labels/pause.ts';
import type { SaveProgress } from '../../src/labels/save-types.ts';
import { blobs, labelsOf, MemoryStore, writeImage } from './image-fixture.ts';

describe('a pause', () => {
  it('lets through what asks while it is open, and the rest when it is resumed', async () => {
    const pause = createPause();
    await pause.passed();
    pause.pause();
    const passed: number[] = [];
    const waiting = [0, 1].map((i) => pause.passed().then(() => passed.push(i)));
    await ticks();
    expect(pause.isPaused).toBe(true);
    expect(passed).toEqual([]);
    pause.resume();
    await Promise.all(waiting);
    expect(passed).toEqual([0, 1]);
    expect(pause.isPaused).toBe(false);
  });

  it('counts the time between pausing and resuming, once however often it is asked for', () => {
    let nowMs = 1000;
    const pause = createPause(() => nowMs);
    pause.pause();
    nowMs = 1300;
    pause.pause();
    expect(pause.pausedMs).toBe(300);
    nowMs = 1500;
    pause.resume();
    pause.resume();
    nowMs = 9000;
    expect(pause.pausedMs).toBe(500);
    pause.pause();
    nowMs = 9020;
    expect(pause.pausedMs).toBe(520);
  });

  it('is left by an abort before, during and of many at once, without a listener', async () => {
    const pause = createPause();
    pause.pause();
    const before = new AbortController();
    before.abort();
    await expect(pause.passed(before.signal)).rejects.toSatisfy(isAbort);
    const during = new AbortController();
    const waiting = Array.from({ length: 20 }, () => pause.passed(during.signal));
    expect(getEventListeners(during.signal, 'abort').length).toBe(1);
    during.abort();
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome.status === 'rejected' && isAbort(outcome.reason)).toBe(true);
    }
    expect(getEventListeners(during.signal, 'abort').length).toBe(0);
    const later = new AbortController();
    const resumed = pause.passed(later.signal);
    pause.resume();
    await resumed;
    expect(getEventListeners(later.signal, 'abort').length).toBe(0);
  });
});

describe('a save that is paused', () => {
  it('begins no chunk until it is resumed, then stores what one that was never paused does', async () => {
    const plain = await save();
    const bytes: number[] = [];
    const pause = createPause();
    const paused = await save({
      pause,
      onProgress: ({ done, bytes: stored }) => {
        bytes.push(stored);
        if (done === 5) pause.pause();
      },
      meanwhile: async ({ asked, isDone }) => {
        await until(() => pause.isPaused);
        await ticks();
        // Four chunks are under way at once: with the fifth done three more may have been begun, and no other.
        const begun = asked();
        expect(begun).toBeGreaterThanOrEqual(5);
        expect(begun).toBeLessThanOrEqual(8);
        await ticks();
        expect(asked()).toBe(begun);
        expect(isDone()).toBe(false);
        pause.resume();
      },
    });
    expect(paused.stored).toEqual(plain.stored);
    expect(bytes[0]).toBe(0);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(bytes.at(-1)).toBe(paused.result.bytes);
    expect(paused.result.bytes).toBeGreaterThan(0);
  });

  it('ends at once when it is cancelled, and leaves nothing', async () => {
    const pause = createPause();
    const abort = new AbortController();
    let keys: () => string[] = () => [];
    const saving = save({
      pause,
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 5) pause.pause();
      },
      meanwhile: async (running) => {
        keys = running.keys;
        await until(() => pause.isPaused);
        abort.abort();
      },
    });
    await expect(saving).rejects.toSatisfy(isAbort);
    expect(keys().filter((key) => key.includes('phases'))).toEqual([]);
  });
});

interface Meanwhile {
  readonly asked: () => number;
  readonly isDone: () => boolean;
  readonly keys: () => string[];
}

/** Labels of 64² in 16 chunks and one level more; what is stored, by place in its revision. */
async function save(
  options: Pick<MaterializeInput, 'pause' | 'signal'> & {
    readonly onProgress?: (progress: SaveProgress) => void;
    readonly meanwhile?: (save: Meanwhile) => Promise<void>;
  } = {},
) {
  const { meanwhile, ...rest } = options;
  const store = new MemoryStore();
  const levels = [
    [64, 64],
    [32, 32],
  ];
  const image = await writeImage(store, '', { zarrFormat: 3, axes: 'yx', levels });
  let asked = 0;
  const source = labelsOf(image, 'uint8', 16, blobs);
  const labels: LazyArray<LabelType> = wrapped(source, (index, request) => {
    asked++;
    return source.getChunk(index, request);
  });
  const input: MaterializeInput = {
    ...rest,
    ...{ labels, image, target: store, targetPath: '', name: 'phases', classes: [] },
    provenance: {
      model: null,
      normalisation: null,
      executionProvider: null,
      fit: null,
      strokes: [],
      imageMetadataSha256: image.metadataHash,
    },
  };
  let isDone = false;
  const saving = materialize(input).finally(() => {
    isDone = true;
  });
  const looking = meanwhile?.({
    asked: () => asked,
    isDone: () => isDone,
    keys: () => [...store.values.keys()],
  });
  const [result] = await Promise.all([saving, looking]);
  const stored = [...store.values].flatMap(([key, value]) => {
    const inside = /\/phases\/[^/]+\/(\d+\/c\/.*)$/.exec(key)?.[1];
    return inside === undefined ? [] : [[inside, [...value]] as const];
  });
  return { result, stored: new Map(stored) };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Everything that waits for no timer goes on. */
async function ticks(): Promise<void> {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
}
