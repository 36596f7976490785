import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { sha256 } from '../../src/array/fit.ts';
import type { ModelReader } from '../../src/encoder/manifest.ts';
import { selfTestImage } from '../../src/encoder/self-test-input.ts';
import { AlibiError } from '../../src/errors.ts';
import { seeded } from '../array/fake-array.ts';

/**
 * A checkpoint in memory whose graph is `features = tanh(conv(image))`, one patch a step: a real ONNX file,
 * and simple enough to be computed here without any runtime.
 */
export interface TinyCheckpoint extends ModelReader {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** The graph in plain JavaScript: float32 [dim, rows, cols]. */
  features(image: Float32Array, heightPx: number, widthPx: number): Float32Array;
}

export interface TinyOptions {
  readonly patch?: number;
  readonly dim?: number;
  readonly window?: { readonly rows: number; readonly cols: number; readonly overlap: number };
  /** Added to the first weight of the graph named here, after the reference was computed. */
  readonly perturb?: { readonly by: number; readonly graph?: 'plain' | 'fused' };
  readonly graphs?: readonly ('plain' | 'fused' | TinyGraph)[];
  readonly measured?: CheckpointManifest['measured'];
}

/** A graph that says it is of a precision; its arithmetic is float32 all the same. */
export interface TinyGraph {
  readonly path: string;
  readonly precision: CheckpointManifest['graphs'][number]['precision'];
  /** Added to the first weight. */
  readonly error?: number;
  readonly tolerance?: number;
}

export async function tinyCheckpoint(options: TinyOptions = {}): Promise<TinyCheckpoint> {
  const {
    patch = 4,
    dim = 6,
    window = { rows: 5, cols: 5, overlap: 1 },
    graphs = ['plain'],
    perturb,
    measured = [],
  } = options;
  const random = seeded(42);
  const weights = Float32Array.from({ length: dim * 3 * patch * patch }, () => (random() - 0.5) / patch);
  const bias = Float32Array.from({ length: dim }, () => random() - 0.5);
  const features = (image: Float32Array, heightPx: number, widthPx: number): Float32Array =>
    convolve(image, heightPx, widthPx, { weights, bias, patch });

  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const entries = graphs.map((graph) =>
    typeof graph === 'string'
      ? {
          entry: { path: `${graph}.onnx`, precision: 'fp32', graph },
          error: perturb !== undefined && (perturb.graph ?? graph) === graph ? perturb.by : 0,
        }
      : {
          entry: {
            path: graph.path,
            precision: graph.precision,
            graph: 'plain',
            ...(graph.tolerance === undefined ? {} : { tolerance: graph.tolerance }),
          },
          error: graph.error ?? 0,
        },
  );
  for (const { entry, error } of entries) {
    const stored = weights.slice();
    stored[0]! += error;
    files.set(entry.path, convModel(stored, bias, patch));
  }
  const test = { rows: 4, cols: 3, seed: 5 };
  const answer = features(
    selfTestImage(test.seed, test.rows * patch, test.cols * patch),
    test.rows * patch,
    test.cols * patch,
  );
  files.set('self-test.bin', bytesOf(answer));
  const manifest = {
    format: 'alibi-zarr/manifest/1',
    name: 'tiny',
    architecture: {
      patch,
      dim,
      blocks: 1,
      heads: 1,
      registers: 0,
      layerScale: false,
      mlp: 'gelu',
      layerNormEps: 1e-6,
    },
    position: { kind: 'none' },
    input: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
    window,
    graphs: await Promise.all(
      entries.map(async ({ entry }) => {
        const file = files.get(entry.path)!;
        return { ...entry, layers: [], bytes: file.length, sha256: await sha256(file) };
      }),
    ),
    selfTest: { ...test, path: 'self-test.bin', sha256: await sha256(files.get('self-test.bin')!) },
    measured,
    provenance: {
      source: 'seeded random numbers',
      sourceSha256: '0'.repeat(64),
      licence: 'Apache-2.0',
      finetuned: false,
      command: 'tinyCheckpoint',
      tool: 'test',
    },
  };
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  return {
    files,
    features,
    location: 'memory:/manifest.json',
    manifestName: 'manifest.json',
    async read(path, { signal, onProgress }) {
      signal?.throwIfAborted();
      const file = files.get(path);
      if (file === undefined)
        throw new AlibiError('NotFound', { what: `no ${path}`, where: 'memory', remedy: 'None.' });
      onProgress?.({ bytes: file.length });
      return file.slice();
    },
  };
}

function convolve(
  image: Float32Array,
  heightPx: number,
  widthPx: number,
  {
    weights,
    bias,
    patch,
  }: { readonly weights: Float32Array; readonly bias: Float32Array; readonly patch: number },
): Float32Array {
  const [rows, cols, dim] = [heightPx / patch, widthPx / patch, bias.length];
  const out = new Float32Array(dim * rows * cols);
  for (let d = 0; d < dim; d++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) {
        let sum = bias[d]!;
        for (let channel = 0; channel < 3; channel++) {
          for (let y = 0; y < patch; y++) {
            for (let x = 0; x < patch; x++) {
              const weight = weights[((d * 3 + channel) * patch + y) * patch + x]!;
              sum += weight * image[(channel * heightPx + r * patch + y) * widthPx + c * patch + x]!;
            }
          }
        }
        out[(d * rows + r) * cols + c] = Math.tanh(sum);
      }
    }
  }
  return out;
}

function bytesOf(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, true);
  });
  return bytes;
}

// The protobuf wire format, as much of it as this one graph takes (field numbers: onnx.proto).
type Field = readonly [number, number | string | Uint8Array | readonly Field[]];

function encode(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const varint = (value: number): void => {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
    out.push(rest);
  };
  for (const [field, value] of fields) {
    if (typeof value === 'number') {
      varint(field * 8);
      varint(value);
      continue;
    }
    const bytes =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof Uint8Array
          ? value
          : encode(value);
    varint(field * 8 + 2);
    varint(bytes.length);
    for (const byte of bytes) out.push(byte);
  }
  return Uint8Array.from(out);
}

function convModel(weights: Float32Array, bias: Float32Array, patch: number): Uint8Array<ArrayBuffer> {
  const float = 1;
  const tensor = (name: string, dims: readonly number[], values: Float32Array): Field[] => [
    ...dims.map((dim): Field => [1, dim]),
    [2, float],
    [8, name],
    [9, bytesOf(values)],
  ];
  const ints = (name: string, values: readonly number[]): Field[] => [
    [1, name],
    ...values.map((value): Field => [8, value]),
    [20, 7],
  ];
  const value = (name: string, dims: readonly (string | number)[]): Field[] => [
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, float],
            [2, dims.map((dim): Field => [1, [typeof dim === 'number' ? [1, dim] : [2, dim]]])],
          ],
        ],
      ],
    ],
  ];
  const dim = bias.length;
  return encode([
    [1, 8],
    [
      8,
      [
        [1, ''],
        [2, 17],
      ],
    ],
    [
      7,
      [
        [
          1,
          [
            [1, 'image'],
            [1, 'w'],
            [1, 'b'],
            [2, 'sum'],
            [4, 'Conv'],
            [5, ints('kernel_shape', [patch, patch])],
            [5, ints('strides', [patch, patch])],
          ],
        ],
        [
          1,
          [
            [1, 'sum'],
            [2, 'features'],
            [4, 'Tanh'],
          ],
        ],
        [2, 'tiny'],
        [5, tensor('w', [dim, 3, patch, patch], weights)],
        [5, tensor('b', [dim], bias)],
        [11, value('image', ['n', 3, 'h', 'v'])],
        [12, value('features', ['n', dim, 'r', 'c'])],
      ],
    ],
  ]);
}
