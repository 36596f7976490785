import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LazyArray } from '../../src/array/lazy-array.ts';
import { readRegion } from '../../src/array/region.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { AlibiError } from '../../src/errors.ts';
import { inWorker, type WorkerLike } from '../../src/pipeline/connect-pipeline.ts';
import { createPipeline } from '../../src/pipeline/create-pipeline.ts';
import type { OpenPipeline, Pipeline, Progress } from '../../src/pipeline/pipeline.ts';
import { servePipelines } from '../../src/pipeline/serve-pipeline.ts';
import { deferred, fakeArray, settle } from '../array/fake-array.ts';
import { fakeEncoder } from '../encoder/fake-encoder.ts';

const patchPx = 2;
const slices = { z: [0], t: [0] };
const manifest = {
  input: { mean: [0, 0, 0] as [number, number, number], std: [1, 1, 1] as [number, number, number] },
  window: { rows: 4, cols: 4, overlap: 1 },
};

/** 40×40 px and its half: 20×20 tokens in 7×7 windows of stride 3, and 10×10 tokens in 3×3 windows. */
function levels() {
  const texture = (y: number, x: number) => 50 + 40 * Math.sin(y / 5) * Math.cos(x / 7);
  return [1, 2].map((factor) =>
    fakeArray({
      shape: [40 / factor, 40 / factor],
      chunkShape: [16, 16],
      value: ([y, x]) => texture(y! * factor, x! * factor),
      scale: [factor, factor],
    }),
  );
}

function inProcess(encoder: Encoder): OpenPipeline {
  return async ({ pixels, normalisation }) =>
    createPipeline({
      pixels,
      normalisation,
      manifest: { ...manifest, graphs: [] },
      model: { name: 'fake', sha256: 'a'.repeat(64), precision: 'fp32' },
      encoder,
      report: () => ({ chosen: 'cpu', refused: [], selfTestError: 0 }),
    });
}

const input = () => ({
  pixels: levels(),
  normalisation: { channels: [0], black: [0], white: [100] },
  manifest: 'http://127.0.0.1/manifest.json',
});

async function whole<T extends 'uint8' | 'uint16' | 'float32'>(array: LazyArray<T>) {
  return readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
}

/** A worker made of the same handlers, in this thread, behind a real port. */
function threadless(openPipeline: OpenPipeline): {
  create: () => WorkerLike;
  kill: (message: string) => void;
} {
  const listeners: ((event: Event) => void)[] = [];
  const serve = servePipelines(openPipeline);
  return {
    create: () => ({
      postMessage: (message, transfer) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = ({ data }) => void serve(data);
        channel.port2.postMessage(message, transfer as Transferable[]);
      },
      addEventListener: (_, listener) => void listeners.push(listener),
      terminate: () => undefined,
    }),
    kill: (message) => {
      for (const listener of listeners) listener(Object.assign(new Event('error'), { message }));
    },
  };
}

describe('pipeline', () => {
  let encoder: Encoder;
  let pipeline: Pipeline;
  beforeEach(async () => {
    encoder = fakeEncoder(patchPx);
    pipeline = await inProcess(encoder)(input(), {});
  });
  afterEach(() => pipeline.close());

  it('runs the windows of one chunk and no more, and none when asked again', async () => {
    const tokens = await pipeline.tokens(0);
    await tokens.getChunk([0, 0, 0], {});
    // Tokens 0 to 2 along each axis lie in window 0 alone (tokens 0 to 3).
    expect(encoder.runs).toBe(1);
    await tokens.getChunk([0, 0, 0], {});
    expect(encoder.runs).toBe(1);
    await tokens.getChunk([1, 1, 0], {});
    // Tokens 3 to 5: windows 0 and 1 along each axis, of which (0, 0) is there already.
    expect(encoder.runs).toBe(4);
  });

  it('fits on the coarse level and makes new colours and clusters without new windows', async () => {
    const basis = await pipeline.fitPca({ components: 3, seed: 0, slices });
    expect(encoder.runs).toBe(4);
    const colours = await pipeline.pca(basis, 1);
    await whole(colours);
    const after = encoder.runs;
    expect(after).toBeLessThanOrEqual(9);
    await whole(await pipeline.pca(await pipeline.fitPca({ components: 3, seed: 0, slices }), 1));
    expect(encoder.runs).toBe(after);
  });

  it('says what a slice of each level costs', async () => {
    expect((await pipeline.cost()).windows).toEqual([49, 9]);
  });

  it('gives the same fits and chunks through a port as in the process', async () => {
    const remote = await inWorker(threadless(inProcess(fakeEncoder(patchPx))).create)(input(), {});
    const options = { k: 3, level: 0, seed: 5, slices };
    const [here, there] = await Promise.all([pipeline.fitClusters(options), remote.fitClusters(options)]);
    expect(there.id).toBe(here.id);
    const grid = { shape: [40, 40], transform: { scale: [1, 1], translation: [0, 0] } };
    const labels = await Promise.all(
      [pipeline, remote].map(async (side, i) =>
        side.labels(await side.clusterScores(i === 0 ? here : there, 0), grid, 16),
      ),
    );
    const [a, b] = await Promise.all(labels.map((array) => whole(array)));
    expect(b?.data).toEqual(a?.data);
    expect(new Set(a?.data).size).toBeGreaterThan(1);
    await remote.close();
  });

  it('finds what is like a place on either side of a port, that of another level too', async () => {
    const remote = await inWorker(threadless(inProcess(fakeEncoder(patchPx))).create)(input(), {});
    const { mean } = await pipeline.fitPca({ components: 3, seed: 0, slices });
    const prompts = [
      { x: 10, y: 6, z: 0, t: 0, isLike: true },
      // Beyond the image: the token at the edge.
      { x: 4000, y: -4000, z: 0, t: 0, isLike: false },
    ];
    const fits = await Promise.all(
      [pipeline, remote].flatMap((side) =>
        [0, 1].map((level) => side.fitSimilarity({ prompts, level, mean })),
      ),
    );
    expect(fits.map(({ id }) => id).slice(2)).toEqual(fits.map(({ id }) => id).slice(0, 2));
    expect(new Set(fits.map(({ id }) => id)).size).toBe(2);
    const [here, there] = await Promise.all([
      pipeline.similarity(fits[0]!, 0).then(whole),
      remote.similarity(fits[0]!, 0).then(whole),
    ]);
    expect(there?.data).toEqual(here?.data);
    const grid = { shape: [40, 40], transform: { scale: [1, 1], translation: [0, 0] } };
    const labels = async (least: number) => {
      const { data } = await whole(
        await remote.labels(await remote.similarityScores(fits[0]!, 0, least), grid, 16),
      );
      return Array.from(data, Number).filter((id) => id === 1).length;
    };
    // Less is asked, more is alike; more than there can be, nothing is.
    const [some, more] = [await labels(0.5), await labels(-0.5)];
    expect(some).toBeGreaterThan(0);
    expect(more).toBeGreaterThan(some);
    expect(await labels(1.01)).toBe(0);
    await remote.close();
  });

  it('reports progress of a fit through a port, ending with all of it', async () => {
    const seen: Progress[] = [];
    const remote = await inWorker(threadless(inProcess(encoder)).create)(input(), {});
    await remote.fitPca({ components: 3, seed: 0, slices, onProgress: (progress) => seen.push(progress) });
    await settle();
    expect(seen.at(-1)).toMatchObject({ done: 4, total: 4, etaMs: 0 });
    await remote.close();
  });

  it('aborts a fit on the other side of the port at once', async () => {
    const gate = deferred();
    const remote = await inWorker(threadless(inProcess(fakeEncoder(patchPx, () => gate.promise))).create)(
      input(),
      {},
    );
    const controller = new AbortController();
    const fit = remote.fitPca({ components: 3, seed: 0, slices, signal: controller.signal });
    await settle();
    controller.abort();
    await expect(fit).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    gate.resolve();
    await remote.close();
  });

  it('rejects calls and chunks with the reason when the worker dies', async () => {
    const gate = deferred();
    const worker = threadless(inProcess(fakeEncoder(patchPx, () => gate.promise)));
    const remote = await inWorker(worker.create)(input(), {});
    const tokens = await remote.tokens(0);
    const chunk = tokens.getChunk([0, 0, 0], {});
    const fit = remote.fitPca({ components: 3, seed: 0, slices });
    worker.kill('out of memory');
    await expect(fit).rejects.toThrow(AlibiError);
    await expect(chunk).rejects.toThrow(/worker/);
    await expect(remote.cost()).rejects.toThrow(/reload the page/);
    gate.resolve();
  });

  it('runs another image beside the first with the same encoder, which goes on when the other is done', async () => {
    let opened = 0;
    const open: OpenPipeline = (...given) => {
      opened++;
      return inProcess(encoder)(...given);
    };
    const remote = await inWorker(threadless(open).create)(input(), {});
    const [flat] = levels();
    const other = await remote.beside({ ...input(), pixels: [flat!] });
    expect((await other.cost()).windows).toEqual([49]);
    expect(other.model).toEqual(remote.model);
    const tokens = await other.tokens(0);
    expect((await whole(tokens)).data).toEqual((await whole(await pipeline.tokens(0))).data);
    await other.close();
    expect((await remote.cost()).windows).toEqual([49, 9]);
    expect(opened).toBe(1);
    await remote.close();
  });

  it('refuses scores of another pipeline', async () => {
    const remote = await inWorker(threadless(inProcess(encoder)).create)(input(), {});
    const foreign = await pipeline.tokens(0);
    const grid = { shape: [40, 40], transform: { scale: [1, 1], translation: [0, 0] } };
    await expect((async () => remote.labels(foreign, grid, 16))()).rejects.toThrow(
      /not made by this pipeline/,
    );
    await remote.close();
  });
});
