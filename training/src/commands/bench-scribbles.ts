import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Command, CommandSpec, Flags, Io } from 'alibi-zarr/command-line';
import type { ScribblesResult } from 'alibi-zarr-schemas';
import { BENCH_FLAGS, giveResults, measureOne, stepsShown } from '../bench/run-bench.ts';
import {
  type Contrast,
  DEFAULT_C,
  benchScribbles as measure,
  tokenSegmenter,
} from '../bench/segmentation/bench-scribbles.ts';
import { openClassicalSegmenter } from '../bench/segmentation/classical-segmenter.ts';
import { listScribbled, type ScribbledFolder } from '../bench/segmentation/scribbled-images.ts';
import { storeFigures } from '../bench/store-figures.ts';
import { assertWritable } from '../bench/write-whole.ts';
import { commandText, invalidFlag, oneOf, positive, precisionOf, valued, whole } from '../flag-values.ts';
import type { Precision } from '../onnx/precision.ts';

const spec: CommandSpec = {
  program: 'alibi-train',
  name: 'bench scribbles',
  summary:
    "Segmentation trained on each image's own scribbles with a linear head on tokens: mean IoU and boundary F1 against its ground truth",
  positionals: ['[MANIFEST]...'],
  flags: {
    data: valued(
      'DIR...',
      'folders of NAME.png, NAME.labels.png (classes, or instance ids) and NAME.scribbles.png (0 none, else class + 1)',
    ),
    first: valued('N[,N...]', 'only so many images by name; one number for all folders, or one each'),
    features: valued('KIND', "tokens (default), classical (scikit-image's, with a random forest), both"),
    scale: valued('X', 'enlarge images so many times before encoding (default: 2, and 1 from 1000 px on)'),
    contrast: valued(
      'KIND',
      'percentiles (default): grey between its 0.1 and 99.9 percentiles, as the viewer has it; stored: as it is',
    ),
    c: valued('C', `inverse strength of the linear head's penalty (default: ${DEFAULT_C})`),
    python: valued(
      'PATH',
      "a Python with scikit-image and scikit-learn (default: .venv's, else python3), for classical features",
    ),
    ...BENCH_FLAGS,
  },
  examples: [
    'bench scribbles local/manifest.json --data micrographs/superalloy/test',
    'bench scribbles teacher/manifest.json local/manifest.json --data superalloy/test nuclei coating/train --first 4,10,2 --features both',
  ],
};

interface Plan {
  readonly manifests: readonly string[];
  readonly folders: readonly ScribbledFolder[];
  readonly features: 'tokens' | 'classical' | 'both';
  readonly c: number;
  readonly scale: number | undefined;
  readonly contrast: Contrast;
  readonly python: string | undefined;
  readonly precision: Precision | undefined;
  readonly command: string;
}

export const benchScribbles: Command = {
  spec,
  async run(flags, io) {
    const plan = await planOf(flags);
    const out = flags.text('out');
    if (out !== undefined) await assertWritable(out);
    const results: ScribblesResult[] = [];
    for (const path of plan.features === 'classical' ? [] : plan.manifests) {
      const result = await measureTokens(path, plan, io);
      if (flags.has('write')) await storeFigures(path, result);
      results.push(result);
    }
    const peer = plan.features === 'tokens' ? undefined : await measureClassical(plan, io);
    if (typeof peer === 'string') {
      io.err(peer);
      for (const result of results) result.skipped = [peer];
    } else if (peer !== undefined) results.push(peer);
    await giveResults(results, { flags, io, out });
    return 0;
  },
};

/** @throws AlibiError  InvalidInput naming the flag; NotFound naming the folder */
async function planOf(flags: Flags): Promise<Plan> {
  const features = oneOf(flags.text('features') ?? 'tokens', ['tokens', 'classical', 'both'], '--features');
  const manifests = flags.positionals.filter(isManifest);
  if (manifests.length === 0 && features !== 'classical') {
    throw invalidFlag('no manifest.json is given', 'MANIFEST');
  }
  const scale = flags.text('scale');
  return {
    manifests,
    folders: await foldersOf(flags),
    features,
    c: positive(flags.text('c') ?? `${DEFAULT_C}`, '--c'),
    scale: scale === undefined ? undefined : positive(scale, '--scale'),
    contrast: oneOf(flags.text('contrast') ?? 'percentiles', ['percentiles', 'stored'], '--contrast'),
    python: flags.text('python'),
    precision: precisionOf(flags.text('precision')),
    command: `alibi-train bench scribbles ${commandText(flags.argv)}`,
  };
}

/** `--data A B C`: what follows its value and is no manifest is a folder too. */
async function foldersOf(flags: Flags): Promise<ScribbledFolder[]> {
  const data = flags.text('data');
  if (data === undefined) throw invalidFlag('it is missing', '--data');
  const dirs = [data, ...flags.positionals.filter((path) => !isManifest(path))];
  const firsts = flags
    .text('first')
    ?.split(',')
    .map((text) => whole(text, '--first', 1));
  if (firsts !== undefined && firsts.length !== 1 && firsts.length !== dirs.length) {
    throw invalidFlag(`it gives ${firsts.length} numbers for ${dirs.length} folders`, '--first');
  }
  return Promise.all(dirs.map((dir, i) => listScribbled(dir, firsts?.[i] ?? firsts?.[0])));
}

const isManifest = (path: string): boolean => path.endsWith('.json');

function measureTokens(path: string, plan: Plan, io: Io): Promise<ScribblesResult> {
  const { folders, command } = plan;
  return measureOne(path, {
    images: [],
    command,
    io,
    precision: plan.precision,
    measure: (subject, context) => {
      context.expect(countOf(folders));
      const segmenter = tokenSegmenter(subject, { ...plan, signal: context.signal });
      return measure(segmenter, { folders, command, step: context.step });
    },
  });
}

/** @returns the result; or, where classical features are one of two things asked for, why they were skipped */
async function measureClassical(plan: Plan, io: Io): Promise<ScribblesResult | string> {
  const { folders, command } = plan;
  const { expect, step, end } = stepsShown(io, 'classical features');
  try {
    const segmenter = await openClassicalSegmenter(plan.python, io.signal);
    try {
      expect(countOf(folders));
      return await measure(segmenter, { folders, command, step });
    } finally {
      await segmenter.close();
    }
  } catch (error) {
    const isMissing = error instanceof AlibiError && error.tag === 'Environment';
    if (!isMissing || plan.features !== 'both') throw error;
    return `classical features skipped: ${error.message}`;
  } finally {
    end();
  }
}

function countOf(folders: readonly ScribbledFolder[]): number {
  return folders.reduce((sum, { names }) => sum + names.length, 0);
}
