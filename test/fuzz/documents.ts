import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../plugin/src/array/random.ts';
import { loadManifest, type ModelReader } from '../../plugin/src/encoder/manifest.ts';
import { planWindows } from '../../plugin/src/encoder/window-plan.ts';
import { AlibiError } from '../../plugin/src/errors.ts';
import { classifierOnnx } from '../../plugin/src/segment/classifier-onnx.ts';
import { matchPixelSize } from '../../plugin/src/segment/match-pixel-size.ts';
import { type OpenedClassifier, readClassifier, writeClassifier } from '../../plugin/src/segment/portable.ts';
import { activeClasses, predictRows } from '../../plugin/src/segment/predict.ts';
import { featureCount } from '../../plugin/src/segment/recipe.ts';
import { paintStrokes } from '../../plugin/src/segment/strokes.ts';
import { trainClassifier } from '../../plugin/src/segment/train.ts';
import { parseJson } from '../../plugin/src/session-classifier.ts';
import { readKept, writeKept } from '../../plugin/src/session-kept-strokes.ts';
import { Painting } from '../../plugin/src/session-painting.ts';
import { imageIn, openInto, readProject, withImage } from '../../plugin/src/session-project.ts';
import { canvasOf, Scribbles } from '../../plugin/src/session-scribbles.ts';
import { normalisation, recipeOf, scene, threeClasses, twoStrokes } from '../../plugin/test/segment/scene.ts';
import { fakeImage } from '../../plugin/test/ui/fake-session.ts';
import { openSources } from '../../training/src/finetune/sources.ts';
import { readManifest } from '../../training/src/verify.ts';
import type { Dice } from './dice.ts';
import type { Attempt } from './open-everything.ts';

/** JSON files that people hand on, each opened as the product does. */
export const documentKinds = [
  'classifier',
  'project',
  'scribbles file',
  'file of kept strokes',
  'mixture of pictures',
  'manifest',
] as const;
export type DocumentKind = (typeof documentKinds)[number];

const image = fakeImage({ sizePx: 512 });
const level = { heightPx: 512, widthPx: 512, scaleY: 1, scaleX: 1 };
const strokes = [
  ...twoStrokes,
  {
    id: 'area',
    classIndex: 1,
    radiusPx: 1,
    points: [],
    rings: [
      [100, 100, 200, 100, 200, 200, 100, 200],
      [120, 120, 140, 120, 140, 140],
    ],
    z: 1,
    t: 0,
  },
  { id: 'eraser', classIndex: null, radiusPx: 3, points: [30, 30], z: 0, t: 0, group: 'g' },
];

/** A PNG of one grey pixel. */
const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

const made = new Map<DocumentKind, Uint8Array>();

/** Make a sound document of each kind, once, before the first case. */
export async function prepareDocuments(): Promise<void> {
  for (const kind of documentKinds) made.set(kind, made.get(kind) ?? (await makeDocument(kind)));
}

export function documentOf(kind: DocumentKind): Uint8Array {
  const bytes = made.get(kind);
  if (bytes === undefined) throw new Error('prepareDocuments comes first');
  return bytes;
}

async function makeDocument(kind: DocumentKind): Promise<Uint8Array> {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const painting = createPainting();
  for (const spec of threeClasses) painting.addClass(spec);
  painting.addAll(strokes);
  switch (kind) {
    case 'classifier':
      return json(writeClassifier(await smallClassifier()));
    case 'project':
      return json(withImage(null, { image, classes: threeClasses, strokes, level: 0 }));
    case 'scribbles file':
      return json(scribblesOf(painting).toGeojson());
    case 'file of kept strokes':
      return writeKept(
        { classes: painting.classes, strokes: painting.strokes, reviewed: [{ z: 0, t: 0 }] },
        Date.UTC(2026, 0, 1),
      );
    case 'mixture of pictures':
      return json({
        sources: [
          { generated: 20, weight: 2 },
          { folder: 'pictures', files: ['a.png'], weight: 1 },
          { folder: 'pictures' },
        ],
      });
    case 'manifest':
      return new Uint8Array(
        readFileSync(new URL('../../plugin/models/alibi-dv2-vits14-local/manifest.json', import.meta.url)),
      );
  }
}

async function smallClassifier(): Promise<OpenedClassifier> {
  const { values, input, finest } = scene(120, 180, 7);
  const fit = await trainClassifier({
    ...input,
    finest,
    normalisation,
    classes: threeClasses,
    strokes: twoStrokes,
    recipe: await recipeOf(values, 3),
    choice: { trees: 4 },
    level: 0,
    pixelSizeUm: { z: null, y: 0.25, x: 0.25 },
    seed: 0,
  });
  return { fit, model: { name: 'tiny', sha256: 'a'.repeat(64), precision: 'fp32' } };
}

function createPainting(): Painting {
  return new Painting({ changed: () => {}, outdated: () => {}, train: () => Promise.resolve() });
}

function scribblesOf(painting: Painting): Scribbles {
  const unused = () => Promise.reject(new Error('nothing runs here'));
  return new Scribbles({ image: () => image, painting, failed: () => {}, run: unused, save: unused });
}

/** Open a document and do with it what its reader does next. */
export async function openDocument(
  kind: DocumentKind,
  bytes: Uint8Array,
  attempt: Attempt,
  dice: Dice,
): Promise<void> {
  const text = new TextDecoder().decode(bytes);
  switch (kind) {
    case 'classifier':
      return lookAtClassifier(text, attempt, dice);
    case 'project':
      return lookAtProject(text, attempt);
    case 'scribbles file':
      return lookAtScribbles(text, attempt, dice);
    case 'file of kept strokes':
      await attempt('kept', async () =>
        paintStrokes(named(readKept(bytes, canvasOf(image), 'kept').strokes), level),
      );
      return;
    case 'mixture of pictures':
      return lookAtMixture(bytes, attempt);
    case 'manifest':
      return lookAtManifest(bytes, attempt);
  }
}

const named = <T extends object>(list: readonly T[]) => list.map((stroke, n) => ({ ...stroke, id: `${n}` }));

async function lookAtClassifier(text: string, attempt: Attempt, dice: Dice): Promise<void> {
  const opened = await attempt('classifier', () => openAsItsAuthor(text));
  if (opened === undefined) return;
  const { fit } = opened;
  await attempt('place', async () => matchPixelSize(image.pixels, fit));
  await attempt('export', async () => [classifierOnnx(fit), JSON.stringify(writeClassifier(opened))]);
  await attempt('predict', async () => {
    const random = createRandom(dice.int(2 ** 31));
    const values = Float32Array.from({ length: 20 * featureCount(fit.recipe) }, () => random() * 4 - 2);
    return predictRows(fit, fit.recipe, values, {
      classes: fit.classes.length,
      active: activeClasses(fit.counts),
    });
  });
}

/** Whoever changes a classifier on purpose gives it the id of what it is then. */
async function openAsItsAuthor(text: string): Promise<OpenedClassifier> {
  const value = parseJson(text, 'classifier.json');
  try {
    return await readClassifier(value, 'classifier.json');
  } catch (error) {
    const id = error instanceof AlibiError ? error.data.id : undefined;
    if (typeof id !== 'string' || typeof value !== 'object') throw error;
    return readClassifier({ ...value, id }, 'classifier.json');
  }
}

async function lookAtProject(text: string, attempt: Attempt): Promise<void> {
  const project = await attempt('project', async () => readProject(text, 'project.json'));
  if (project === undefined) return;
  const painting = createPainting();
  await attempt('into the viewer', async () => openInto(painting, project, image));
  painting.stop();
  await attempt('paint', async () => {
    imageIn(project, image);
    for (const one of project.images) paintStrokes(one.strokes, level);
    return withImage(project, { image, classes: painting.classes, strokes: painting.strokes });
  });
}

async function lookAtScribbles(text: string, attempt: Attempt, dice: Dice): Promise<void> {
  const painting = createPainting();
  const scribbles = scribblesOf(painting);
  await attempt('scribbles', async () => {
    scribbles.addGeojson(parseJson(text, 'strokes.geojson'), { where: 'strokes.geojson' });
    paintStrokes(painting.strokes, level);
    scribbles.toGeojson();
    scribbles.interpolate({ classIndex: 0, t: 0 });
  });
  await attempt('fill', async () =>
    scribbles.fill({ x: dice.int(512), y: dice.int(512), z: dice.int(2), t: 0, classIndex: 0 }),
  );
  painting.stop();
}

async function lookAtMixture(bytes: Uint8Array, attempt: Attempt): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'alibi-fuzz-'));
  try {
    const path = join(folder, 'mixture.json');
    mkdirSync(join(folder, 'pictures'));
    writeFileSync(join(folder, 'pictures', 'a.png'), onePixel);
    writeFileSync(path, bytes);
    const signal = AbortSignal.timeout(60_000);
    const sources = await attempt('mixture', () => openSources(path, { seed: 1, signal }));
    // More of them show nothing new.
    for (const source of sources?.slice(0, 4) ?? []) {
      await attempt('picture', () => source.open(0));
      await attempt('identity', () => source.identity());
      await source.close?.();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function lookAtManifest(bytes: Uint8Array, attempt: Attempt): Promise<void> {
  const reader: ModelReader = {
    location: 'manifest.json',
    manifestName: 'manifest.json',
    read: async (path) => (path === 'manifest.json' ? new Uint8Array(bytes) : new Uint8Array(8)),
  };
  const checkpoint = await attempt('manifest', () => loadManifest(reader));
  for (const { path } of checkpoint?.manifest.graphs.slice(0, 3) ?? []) {
    await attempt('graph', () => checkpoint!.readFile(path));
  }
  if (checkpoint !== undefined) {
    const { window, architecture } = checkpoint.manifest;
    await attempt('windows', async () => {
      const tokens = Math.ceil(512 / architecture.patch);
      return planWindows(tokens, tokens, window);
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'alibi-fuzz-'));
  try {
    const path = join(folder, 'manifest.json');
    writeFileSync(path, bytes);
    await attempt('manifest of training', () => readManifest(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
