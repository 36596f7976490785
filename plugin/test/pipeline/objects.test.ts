import { describe, expect, it } from 'vitest';
import type { LazyArray } from '../../src/array/lazy-array.ts';
import { fromMemory } from '../../src/array/memory.ts';
import { readRegion } from '../../src/array/region.ts';
import { objectsInWorker } from '../../src/pipeline/connect-objects.ts';
import { createObjectsEngine, type ObjectsEngine } from '../../src/pipeline/objects.ts';
import type { OpenObjectsMessage } from '../../src/pipeline/objects-protocol.ts';
import { serveObjects } from '../../src/pipeline/serve-objects.ts';
import type { TableBatch } from '../../src/segment/measure/columns.ts';
import { randomIds } from '../raster/volumes.ts';

/** An engine across message ports as a worker has it, with the event that a dying worker sends. */
function acrossPorts() {
  const deaths: ((event: Event) => void)[] = [];
  let started = 0;
  const engine = objectsInWorker(() => {
    started++;
    return {
      postMessage: (message: OpenObjectsMessage) => serveObjects(message, createObjectsEngine()),
      addEventListener: (_, listener) => void deaths.push(listener),
      terminate: () => {},
    };
  });
  return { engine, die: () => deaths[0]?.(new Event('error')), started: () => started };
}

async function whole(array: LazyArray): Promise<number[]> {
  const { data } = await readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
  return Array.from(data, Number);
}

const size = [1, 40, 50] as const;
const ids = randomIds(5, size, { most: 3, share: 0.4, grain: 3 });
const labels = fromMemory(ids, { shape: [40, 50], dtype: 'uint32', chunkShape: [16, 16] });
const recipe = { dims: 2, reach: 2, tracking: 'none' } as const;

async function everything(engine: ObjectsEngine) {
  const found = await engine.find(labels, recipe, { source: { labels: 'a' } });
  const batches: TableBatch[] = [];
  const columns = await engine.measure(
    { labels: found.levels[0]!, dims: 2, channels: [] },
    { onBatch: (batch) => batches.push(batch) },
  );
  let text = '';
  const count = await engine.contours(labels, {
    pixelSize: [2, 2],
    names: new Map([[1, 'one']]),
    onText: (part) => {
      text += part;
    },
  });
  return {
    fit: found.fit,
    ids: await whole(found.levels[0]!),
    columns,
    batches,
    count,
    text,
    largest: await engine.largestId(labels, {}),
  };
}

describe('the objects engine', () => {
  it('gives across ports what it gives in the process', async () => {
    const { engine } = acrossPorts();
    const there = await everything(engine);
    const here = await everything(createObjectsEngine());
    expect(there).toEqual(here);
    expect(there.fit.count).toBe(Math.max(...there.ids));
    expect(there.batches.flatMap((batch) => batch.ids)).toHaveLength(there.fit.count);
    expect(JSON.parse(there.text).features).toHaveLength(there.count);
    expect(there.largest).toBe(Math.max(...ids));
    engine.close();
  });

  it('ends a search when it is aborted, and goes on with the next', async () => {
    const { engine } = acrossPorts();
    const stuck: LazyArray = {
      ...labels,
      getChunk: (_, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    };
    const abort = new AbortController();
    const searching = engine.find(stuck, recipe, { source: {}, signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    await expect(searching).rejects.toMatchObject({ name: 'AbortError' });
    await expect(engine.find(labels, recipe, { source: {} })).resolves.toMatchObject({
      fit: { kind: 'components' },
    });
    engine.close();
  });

  it('says that its worker died, and starts another for the next call', async () => {
    const { engine, die, started } = acrossPorts();
    const stuck: LazyArray = { ...labels, getChunk: () => new Promise(() => {}) };
    const searching = engine.find(stuck, recipe, { source: {} });
    setTimeout(die, 20);
    await expect(searching).rejects.toThrow(/worker that finds objects stopped/);
    await engine.find(labels, recipe, { source: {} });
    expect(started()).toBe(2);
    engine.close();
  });
});
