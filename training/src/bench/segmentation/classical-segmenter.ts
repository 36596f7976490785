import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Segmenter } from './bench-scribbles.ts';
import { openPythonPeer, type PythonPeer } from './python-peer.ts';

/** What scikit-image users run: features of five scales of intensity, edges and texture, and a random forest. */
const FOREST = { trees: 100, depth: 10, seeds: [0, 1, 2, 3, 4] } as const;
// From src/bench/segmentation and from dist/bench/segmentation alike.
const SCRIPT = fileURLToPath(new URL('../../../python/classical_scribbles.py', import.meta.url));

/** A segmenter that is a process of its own: the caller closes it. */
export interface ClassicalSegmenter extends Segmenter {
  close(): Promise<void>;
}

/**
 * The peer of tokens: the same scribbles through scikit-image's multiscale features and scikit-learn's random forest, by
 * the Python that a person of this field has. Five seeds, five predictions.
 *
 * @param python  path of a Python, or undefined: `.venv`'s where there is one, else `python3`
 * @throws AlibiError  Environment: no such Python, or it lacks a library
 */
export async function openClassicalSegmenter(
  python: string | undefined,
  signal: AbortSignal,
): Promise<ClassicalSegmenter> {
  const peer = await openPythonPeer(python ?? (await defaultPython()), SCRIPT, signal);
  return {
    model: {
      name: 'scikit-image features, random forest',
      manifestSha256: null,
      position: 'none',
      precision: 'float32',
    },
    features: `skimage.feature.multiscale_basic_features, sigma 1 to 16, intensity, edges, texture (${peer.versions})`,
    classifier: `random forest, ${FOREST.trees} trees, depth ${FOREST.depth}, mean of ${FOREST.seeds.length} seeds`,
    scale: null,
    segment: ({ name }, dir) => segment(peer, join(dir, name)),
    close: () => peer.close(),
  };
}

async function segment(peer: PythonPeer, stem: string): Promise<Uint16Array[]> {
  const out = await mkdtemp(join(tmpdir(), 'alibi-classical-'));
  try {
    await peer.ask({ image: `${stem}.png`, scribbles: `${stem}.scribbles.png`, out, ...FOREST });
    return await Promise.all(FOREST.seeds.map((seed) => readClasses(join(out, `${seed}.u16`))));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Little-endian uint16, as this machine's own: Node runs on no other. */
async function readClasses(path: string): Promise<Uint16Array> {
  const bytes = await readFile(path);
  return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

async function defaultPython(): Promise<string> {
  for (const path of [join('.venv', 'bin', 'python'), join('.venv', 'Scripts', 'python.exe')]) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return 'python3';
}
