import { OnnxModel } from '../../plugin/src/onnx-file/model.ts';
import { openZipStore } from '../../plugin/src/stores/zip.ts';
import { bomb } from './bombs.ts';
import { bytesOf, corpus, filesOf, isMetadataKey, type Subject } from './corpus.ts';
import { createDice, type Dice } from './dice.ts';
import { documentKinds, documentOf, openDocument } from './documents.ts';
import { hostileArchive } from './hostile-archive.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileJson } from './hostile-json.ts';
import { type Files, hostileStore } from './hostile-store.ts';
import { type Attempt, openEverything } from './open-everything.ts';
import { openWeights, spoilWeights } from './read-weights.ts';

export interface FuzzCase {
  /** What is opened and what was done to it. */
  readonly what: string;
  run(attempt: Attempt): Promise<void>;
}

let subjects: readonly Subject[] | undefined;

/** `all`, or only the files that people hand on: classifiers, projects, scribbles, mixtures of pictures, manifests. */
export type FuzzKinds = 'all' | 'documents';

/** After `prepareDocuments`. @param number  of the case: it, the seed and the kinds decide everything */
export function fuzzCase(seed: number, number: number, kinds: FuzzKinds = 'all'): FuzzCase {
  subjects ??= corpus();
  const dice = createDice(seed, number);
  const kind = dice.weighted([
    [8, 'store'],
    [1.5, 'archive'],
    [1, 'weights'],
    [2.5, 'document'],
  ] as const);
  if (kind === 'document' || kinds === 'documents') return documentCase(dice);
  const all = subjects;
  const pick = (wanted: Subject['kind']): Subject => dice.pick(all.filter((one) => one.kind === wanted));
  if (kind === 'store') return storeCase(pick('store'), dice);
  if (kind === 'weights') return weightsCase(pick('weights'), dice);
  return dice.chance(0.3) ? archiveCase(pick('archive'), dice) : packedCase(pick('store'), dice);
}

function storeCase(subject: Subject, dice: Dice): FuzzCase {
  const files = filesOf(subject);
  const done = [...Array(dice.pick([1, 1, 1, 2, 3]))].map(() => spoilFiles(files, dice));
  const nodes = subject.nodes.filter((node) => node.split('/').length < 4);
  const path = dice.chance(0.5) ? '' : dice.pick(nodes);
  const cycleAt = dice.chance(0.05)
    ? `/${dice.pick(nodes)}/${dice.pick(['labels', 'labels/0', '0'])}`.replace('//', '/')
    : undefined;
  const what = [...done, ...(cycleAt === undefined ? [] : [`${cycleAt} is the root again`])].join('; ');
  return {
    what: `${subject.name}${path === '' ? '' : ` at ${path}`}: ${what}`,
    run: (attempt) =>
      openEverything(hostileStore(files, { cycleAt, ranges: dice.chance(0.7) }), path, attempt, dice),
  };
}

/** Do one thing to a store's files. */
function spoilFiles(files: Files, dice: Dice): string {
  const keys = [...files.keys()];
  const metadata = keys.filter(isMetadataKey);
  const chunks = keys.filter((key) => !isMetadataKey(key));
  const set = (key: string, { bytes, what }: { bytes: Uint8Array; what: string }): string => {
    files.set(key, bytes);
    return `${key}: ${what}`;
  };
  return dice.weighted<() => string>([
    [
      metadata.length === 0 ? 0 : 10,
      () => {
        const key = dice.pick(metadata);
        return set(key, hostileJson(files.get(key)!, dice));
      },
    ],
    [
      chunks.length === 0 ? 0 : 5,
      () => {
        const key = dice.pick(chunks);
        return set(key, hostileBytes(files.get(key)!, dice));
      },
    ],
    [chunks.length === 0 ? 0 : 1, () => plantBomb(files, metadata, chunks, dice)],
    [
      1,
      () => {
        const key = dice.pick(keys);
        files.delete(key);
        return `${key} is missing`;
      },
    ],
    [
      1,
      () => {
        const [key, other] = [dice.pick(keys), dice.pick(keys)];
        files.set(key, files.get(other) ?? new Uint8Array());
        return `${key} is ${other}`;
      },
    ],
  ])();
}

/** Chunks that are bombs, and metadata that names their codec. */
function plantBomb(files: Files, metadata: readonly string[], chunks: readonly string[], dice: Dice): string {
  const { codec, bytes } = bomb(dice);
  for (const key of chunks) files.set(key, bytes);
  for (const key of metadata) {
    const text = new TextDecoder().decode(files.get(key));
    const changed = text
      .replace(/"compressor"\s*:\s*(null|\{[^{}]*\})/, `"compressor": {"id": "${codec}"}`)
      .replace(/"name"\s*:\s*"(blosc|zstd|gzip)"/g, `"name": "${codec}"`);
    files.set(key, new TextEncoder().encode(changed));
  }
  return `${codec} bombs of ${bytes.length} bytes instead of the chunks`;
}

/** A store packed into an archive, with something wrong in the packing. */
function packedCase(subject: Subject, dice: Dice): FuzzCase {
  const files = filesOf(subject);
  const { bytes, what } = hostileArchive(files, dice);
  return openedArchive(`${subject.name}, packed: ${what}`, bytes, dice);
}

function archiveCase(subject: Subject, dice: Dice): FuzzCase {
  const { bytes, what } = hostileBytes(bytesOf(subject), dice);
  return openedArchive(`${subject.name}: ${what}`, new Uint8Array(bytes), dice);
}

function openedArchive(what: string, bytes: Uint8Array<ArrayBuffer>, dice: Dice): FuzzCase {
  return {
    what,
    async run(attempt) {
      const store = await attempt('archive', () => openZipStore(new Blob([bytes])));
      if (store !== undefined) await openEverything(store, '', attempt, dice);
    },
  };
}

function weightsCase(subject: Subject, dice: Dice): FuzzCase {
  const isGraph = dice.chance(0.25);
  const { bytes, what } = isGraph ? hostileBytes(smallGraph(), dice) : spoilWeights(bytesOf(subject), dice);
  return {
    what: `${isGraph ? 'a small ONNX graph' : subject.name}: ${what}`,
    run: (attempt) => openWeights(bytes, isGraph, attempt),
  };
}

/** A JSON file of ours with one thing wrong, or several. */
function documentCase(dice: Dice): FuzzCase {
  const kind = dice.pick(documentKinds);
  const done: string[] = [];
  let bytes = documentOf(kind);
  for (const _ of Array(dice.pick([1, 1, 1, 2, 3]))) {
    const spoilt = hostileJson(bytes, dice, 2 ** 20);
    bytes = spoilt.bytes;
    done.push(spoilt.what);
  }
  return {
    what: `a ${kind}: ${done.join('; ')}`,
    run: (attempt) => openDocument(kind, bytes, attempt, dice),
  };
}

/** An encoder's ports with next to nothing between them: every byte of it matters. */
function smallGraph(): Uint8Array {
  const model = new OnnxModel();
  model.input({ name: 'image', type: 'float32', shape: [1, 3, 'height', 'width'] });
  const weight = model.constant('weight', [2, 2], Float32Array.of(1, 2, 3, 4));
  model.node('Conv', ['image', weight], ['features'], {
    strides: { integers: [14, 14] },
    pad: { text: 'SAME' },
  });
  model.output({ name: 'features', type: 'float32', shape: [1, 'dim', 'rows', 'cols'] });
  return model.finish('small', {});
}
