import { basename, dirname } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import type { BenchModel } from 'alibi-zarr-schemas';
import { asTriple, IMAGENET, storedPosition } from '../../manifest.ts';
import { exportVit } from '../../onnx/export.ts';
import type { Position } from '../../onnx/position.ts';
import type { Precision } from '../../onnx/precision.ts';
import { openCpuRunner, type Runner } from '../../onnx/run.ts';
import { readWeights } from '../../weights/read-weights.ts';
import { shapeOfWeights } from '../../weights/weights-shape.ts';
import type { Normalisation } from '../bench-images.ts';
import { openSubject } from '../bench-subject.ts';
import { positionText } from '../position-text.ts';

/** What is held against the teacher: an exported checkpoint, or weights as a run wrote them. */
export interface Student {
  readonly path: string;
  readonly model: BenchModel;
  readonly patch: number;
  readonly dim: number;
  readonly input: Normalisation;
  readonly runner: Runner;
  /** What the run left out of its target; null where nothing says. */
  readonly blank: readonly number[] | null;
}

export interface StudentOptions {
  /** Of an exported checkpoint's graphs; default: the first. */
  readonly precision?: Precision | undefined;
  /** Of weights; default: as their file records. */
  readonly heads?: number | undefined;
  readonly position?: Position | undefined;
  readonly input: Partial<Normalisation>;
}

/**
 * The caller closes the runner.
 *
 * @param path  `manifest.json` of a checkpoint, or .safetensors or .pth
 * @throws AlibiError  it cannot be read; InvalidInput: nothing says the position of weights
 */
export async function openStudent(path: string, o: StudentOptions): Promise<Student> {
  if (path.endsWith('.json')) {
    const { manifest, model, input, runner } = await openSubject(path, o.precision);
    const { patch, dim } = manifest.architecture;
    return { path, model, patch, dim, input, runner, blank: null };
  }
  const read = await readWeights(path);
  const { weights, recorded } = read;
  const position = o.position ?? recorded?.position;
  if (position === undefined) throw positionUnknown(path);
  const model = exportVit(weights, {
    ...(await shapeOfWeights(path, read, o.heads)),
    name: nameOf(path),
    position,
    precision: 'fp32',
    graph: 'fused',
    layers: [],
    notice: '',
  });
  const own =
    recorded === null ? IMAGENET : { mean: asTriple(recorded.input.mean), std: asTriple(recorded.input.std) };
  return {
    path,
    model: {
      name: nameOf(path),
      manifestSha256: null,
      position: positionText(storedPosition(position, weights)),
      precision: 'fp32',
    },
    patch: weights.patch,
    dim: weights.dim,
    input: { ...own, ...o.input },
    runner: await openCpuRunner(model),
    blank: recorded?.blank ?? null,
  };
}

/** The file's name, or its folder's where the file has the name that every run gives it. */
function nameOf(path: string): string {
  const stem = basename(path).replace(/\.(pth|pt|bin|safetensors)$/i, '');
  const folder = basename(dirname(path));
  return ['student', 'model'].includes(stem) && folder !== '.' ? folder : stem;
}

function positionUnknown(where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what: 'the file does not record its position',
    where,
    remedy:
      'Give the flags it learned with, such as --no-wrap --distance-scale 5 --hide-prefix, or --position.',
  });
}
