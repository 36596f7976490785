import { type Axis, axisIndex, type Chunk, type ChunkOptions, type LazyArray } from '../array/lazy-array.ts';
import { readPlaneReflected } from '../array/plane.ts';
import { createQueue, type Queue } from '../array/queue.ts';
import { isAbort } from '../errors.ts';
import type { Encoder, Normalisation } from './encoder.ts';
import { assertNormalisation, encoderInput, type PixelStatistics } from './normalise.ts';
import type { WindowGrid, WindowPlan } from './window-plan.ts';

export interface WindowsOptions {
  /** One level of the image, axes as stored. */
  readonly level: LazyArray;
  readonly normalisation: Normalisation;
  readonly encoder: Encoder;
  /** Of the checkpoint: mean and standard deviation of its input, and its window grid. */
  readonly manifest: { readonly input: PixelStatistics; readonly window: WindowGrid };
  /** In front of reading and encoding; bounds the prepared inputs in memory. Default: two slots. */
  readonly queue?: Queue;
}

/** One window in the transformer and one being read: more would only hold memory. */
const DEFAULT_SLOTS = 2;

/**
 * What the transformer makes of each window, as a lazy array: float32, axes t?, z?, y, x, c, where chunk
 * (t, z, i, j, 0) holds window (i, j) of the plan, [1, 1, rows, cols, dim]. Neither shared nor cached.
 *
 * A request that is aborted while it waits or reads is gone at once. One whose window is already inside
 * the transformer runs to its end; a request for the same window made meanwhile gets that result.
 */
export function windowsArray(options: WindowsOptions & { readonly plan: WindowPlan }): LazyArray<'float32'> {
  const { level, normalisation, encoder, manifest, plan } = options;
  assertNormalisation(normalisation);
  const queue = options.queue ?? createQueue({ slots: DEFAULT_SLOTS });
  const slices = ['t', 'z'].filter((name) => axisIndex(level.axes, name) >= 0);
  const sliceShape = slices.map((name) => level.shape[axisIndex(level.axes, name)]!);
  const window = [plan.rows.window, plan.cols.window, encoder.dim];
  const inTransformer = new Map<string, Promise<Chunk<'float32'>>>();

  const read = async (index: readonly number[], request: ChunkOptions): Promise<Float32Array> => {
    const at = Object.fromEntries(slices.map((name, axis) => [name, index[axis]!]));
    const y0 = plan.rows.start(index[slices.length]!) * encoder.patchPx;
    const x0 = plan.cols.start(index[slices.length + 1]!) * encoder.patchPx;
    const region = {
      y0,
      x0,
      y1: y0 + plan.rows.window * encoder.patchPx,
      x1: x0 + plan.cols.window * encoder.patchPx,
    };
    const planes = await Promise.all(
      normalisation.channels.map((c) => readPlaneReflected(level, { ...at, c }, region, request)),
    );
    return encoderInput(
      planes.map((plane) => plane.data),
      normalisation,
      manifest.input,
    );
  };

  const encode = async (image: Float32Array, request: ChunkOptions): Promise<Chunk<'float32'>> => {
    const { patchPx } = encoder;
    const output = await encoder.run(image, plan.rows.window * patchPx, plan.cols.window * patchPx, request);
    return { data: output.tokens, shape: [...slices.map(() => 1), ...window] };
  };

  const getChunk = async (index: readonly number[], request: ChunkOptions): Promise<Chunk<'float32'>> => {
    const key = `${level.revision}:${index.join()}`;
    for (let earlier = inTransformer.get(key); earlier !== undefined; earlier = inTransformer.get(key)) {
      try {
        return await earlier;
      } catch (error) {
        // The earlier request was aborted before its window got in: this one starts afresh.
        if (!isAbort(error)) throw error;
        request.signal?.throwIfAborted();
      }
    }
    // What goes on after the queue has let an aborted request go.
    let encoding: Promise<Chunk<'float32'>> | undefined;
    const task = async (): Promise<Chunk<'float32'>> => {
      const image = await read(index, request);
      request.signal?.throwIfAborted();
      encoding = encode(image, request);
      inTransformer.set(key, encoding);
      const land = (): void => {
        if (inTransformer.get(key) === encoding) inTransformer.delete(key);
      };
      encoding.then(land, land);
      return encoding;
    };
    try {
      return await queue.run(task, request);
    } catch (error) {
      if (isAbort(error) && encoding !== undefined) return encoding;
      throw error;
    }
  };

  return {
    axes: windowAxes(level, slices),
    shape: [...sliceShape, plan.rows.count * window[0]!, plan.cols.count * window[1]!, encoder.dim],
    chunkShape: [...slices.map(() => 1), ...window],
    dtype: 'float32',
    fillValue: 0,
    transform: { scale: [...slices, 0, 0, 0].map(() => 1), translation: [...slices, 0, 0, 0].map(() => 0) },
    get revision() {
      return level.revision;
    },
    getChunk,
  };
}

function windowAxes(level: LazyArray, slices: readonly string[]): Axis[] {
  return [
    ...slices.map((name) => level.axes[axisIndex(level.axes, name)]!),
    { name: 'y', type: 'space' },
    { name: 'x', type: 'space' },
    { name: 'c', type: 'channel' },
  ];
}
