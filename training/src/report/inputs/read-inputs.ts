import { readFile, stat } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { type CheckpointManifest, parseCheckpointManifest } from 'alibi-zarr-schemas';
import { sha256 } from '../../hash.ts';
import { type BenchOutcome, formatOf, parseOutcomes } from './bench-result.ts';
import { parseTrainingLog, type TrainingLog } from './training-log.ts';

/** A file that was read: where, and which. */
export interface InputFile {
  readonly file: string;
  readonly kind: 'result' | 'log' | 'manifest';
  readonly sha256: string;
}

export interface ReportInputs {
  readonly files: readonly InputFile[];
  readonly results: readonly { readonly file: string; readonly result: BenchOutcome }[];
  readonly logs: readonly TrainingLog[];
  readonly manifests: readonly {
    readonly file: string;
    readonly sha256: string;
    readonly manifest: CheckpointManifest;
  }[];
}

export interface InputPaths {
  /** Results of benches; manifests and logs among them are recognised by what they hold. */
  readonly given: readonly string[];
  readonly logs: readonly string[];
  readonly manifests: readonly string[];
}

/** A result with the maps of a hundred images has 15 MB. */
const FILE_LIMIT = 200e6;

const MANIFEST = 'alibi-zarr/manifest/1';

/**
 * Reads and parses everything a report is made of. The same bytes twice are read once, and `say` says so.
 *
 * @throws AlibiError  NotFound, UnsupportedFormat or InvalidInput, naming the file and, inside it, the field
 */
export async function readInputs(
  paths: InputPaths,
  o: { readonly signal: AbortSignal; readonly say: (text: string) => void },
): Promise<ReportInputs> {
  const inputs = { files: [], results: [], logs: [], manifests: [] } satisfies ReportInputs as Collected;
  const wanted = [
    ...paths.given.map((file) => ({ file, kind: file.endsWith('.jsonl') ? ('log' as const) : undefined })),
    ...paths.logs.map((file) => ({ file, kind: 'log' as const })),
    ...paths.manifests.map((file) => ({ file, kind: 'manifest' as const })),
  ];
  for (const { file, kind } of wanted) {
    o.signal.throwIfAborted();
    const bytes = await readBytes(file);
    const hash = sha256(bytes);
    const twin = inputs.files.find((other) => other.sha256 === hash);
    if (twin === undefined) add(inputs, { file, kind, hash, text: bytes.toString('utf8') });
    else o.say(`${file} is the same as ${twin.file}: taken once`);
  }
  return inputs;
}

type Collected = { -readonly [K in keyof ReportInputs]: ReportInputs[K][number][] };

function add(
  inputs: Collected,
  o: { file: string; kind: 'log' | 'manifest' | undefined; hash: string; text: string },
): void {
  const { file, hash } = o;
  if (o.kind === 'log') {
    inputs.logs.push(parseTrainingLog(o.text, file));
    inputs.files.push({ file, kind: 'log', sha256: hash });
    return;
  }
  const value = parseJson(o.text, file);
  if (o.kind === 'manifest' || formatOf(value) === MANIFEST) {
    inputs.manifests.push({ file, sha256: hash, manifest: parseManifest(value, file) });
    inputs.files.push({ file, kind: 'manifest', sha256: hash });
    return;
  }
  for (const result of parseOutcomes(value, file)) inputs.results.push({ file, result });
  inputs.files.push({ file, kind: 'result', sha256: hash });
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size <= FILE_LIMIT) return await readFile(file);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new AlibiError('NotFound', {
      what: `the file cannot be read${code}`,
      where: file,
      remedy:
        'Give the --out of a bench, the log.jsonl of a finetuning or the manifest.json of a checkpoint.',
      cause,
    });
  }
  throw new AlibiError('InvalidInput', {
    what: `the file has more than ${FILE_LIMIT / 1e6} MB`,
    where: file,
    remedy: 'Run the bench on fewer images, or report parts apart.',
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: `the file is not JSON${text.trim() === '' ? ': it is empty' : ''}`,
      where: file,
      remedy: 'Give the --out of a bench; a file cut off is to be made again.',
      cause,
    });
  }
}

function parseManifest(value: unknown, file: string): CheckpointManifest {
  const manifest = parseCheckpointManifest(value);
  if (manifest.ok) return manifest.value;
  throw new AlibiError('InvalidInput', {
    what: `the manifest's ${manifest.path || 'root'} ${manifest.message}`,
    where: file,
    remedy: 'Give the manifest.json that "alibi-train convert" wrote.',
  });
}
