import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Runner } from '../onnx/run.ts';

/** float32 [rows, cols, dim] */
export interface TokenGrid {
  readonly rows: number;
  readonly cols: number;
  readonly dim: number;
  readonly data: Float32Array;
}

/** Normalised pixels, float32 [3, height, width]. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Tokens of one window over all of the image. */
export async function encode(runner: Runner, image: Pixels): Promise<TokenGrid> {
  const [features] = await encodeOutputs(runner, image, ['features']);
  if (features === undefined) throw new TypeError('encodeOutputs gives a grid for each name');
  return features;
}

/**
 * Outputs of the graph of shape [1, dim, rows, cols] as tokens, in the order of their names.
 *
 * @throws AlibiError  InvalidInput: the graph has no such output
 */
export async function encodeOutputs(
  runner: Runner,
  image: Pixels,
  names: readonly string[],
): Promise<TokenGrid[]> {
  const outputs = await runner.run(image.data, [1, 3, image.height, image.width]);
  return names.map((name) => {
    const output = outputs.get(name);
    if (output === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `the graph has no output "${name}"`,
        where: 'checkpoint',
        remedy: 'Convert the weights again, with --layers for the outputs of blocks.',
      });
    }
    return channelsLast(output.data, output.shape);
  });
}

function channelsLast(data: Float32Array, [, dim = 0, rows = 0, cols = 0]: readonly number[]): TokenGrid {
  const out = new Float32Array(data.length);
  const tokens = rows * cols;
  for (let c = 0; c < dim; c++) {
    for (let t = 0; t < tokens; t++) out[t * dim + c] = data[c * tokens + t]!;
  }
  return { rows, cols, dim, data: out };
}

/** A rectangle of whole tokens. */
export function crop(
  image: Pixels,
  at: {
    readonly row: number;
    readonly col: number;
    readonly rows: number;
    readonly cols: number;
    readonly patch: number;
  },
): Pixels {
  const [height, width] = [at.rows * at.patch, at.cols * at.patch];
  const data = new Float32Array(3 * height * width);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * image.height + at.row * at.patch + y) * image.width + at.col * at.patch;
      data.set(image.data.subarray(from, from + width), (c * height + y) * width);
    }
  }
  return { height, width, data };
}
