import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRandomCheckpoint } from 'alibi-train';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../test/shared.ts';
import { readRegion } from '../src/array/region.ts';
import { openSessionInProcess } from '../src/node/open-session.ts';
import { openLabel } from '../src/ome/open-label.ts';
import { readProject } from '../src/session-project.ts';
import type { Layer, Session } from '../src/session-types.ts';
import { createNodeStore } from '../src/stores/node-fs.ts';

const image = ['data', 'ome-zarr', 'ez_zarr', 'example_data_zarr3', '6001240_labels_v0.5.zarr'] as const;
const middleZ = 118;

function until(session: Session, what: string, ready: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (!ready()) return;
      clearTimeout(timer);
      session.removeEventListener('change', check);
      resolve();
    };
    const timer = setTimeout(() => reject(new Error(`still waiting for ${what}`)), 20_000);
    session.addEventListener('change', check);
    check();
  });
}

/** Ids of the middle slice of a layer's finest level. */
async function middleSlice(layer: Layer) {
  const { pixels } = layer.levels[0]!;
  const start = pixels.axes.map((axis) => (axis.name === 'z' ? middleZ : 0));
  const stop = pixels.shape.map((size, axis) => (pixels.axes[axis]!.name === 'z' ? middleZ + 1 : size));
  return (await readRegion(pixels, { start, stop }, {})).data;
}

describe.skipIf(!hasShared(...image))('session on 6001240 (skipped: needs ../shared)', () => {
  let folder: string;
  let session: Session;
  const errors: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-session-'));
    await writeRandomCheckpoint(join(folder, 'model'), { seed: 3 });
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    const copy = join(folder, 'image.zarr');
    await rm(copy, { recursive: true, force: true });
    await cp(sharedPath(...image), copy, { recursive: true });
    session = await openSessionInProcess({
      source: createNodeStore(copy),
      model: join(folder, 'model', 'manifest.json'),
    });
    errors.length = 0;
    session.addEventListener('error', ({ detail }) => errors.push(detail.error.message));
  });
  afterEach(() => session.close());

  const paint = () => {
    session.addClass({ name: 'inside', color: 'e69f00' });
    session.addClass({ name: 'outside', color: '56b4e9' });
    const at = { z: middleZ, t: 0, radiusPx: 3 };
    session.stroke({ ...at, classIndex: 0, points: [30, 30, 40, 36] });
    session.stroke({ ...at, classIndex: 1, points: [20, 3, 31, 8] });
  };
  const segmentation = () => session.layers.find((layer) => layer.kind === 'classes');

  it('trains soon after a stroke, and the strokes are what they say', async () => {
    paint();
    await until(session, 'a segmentation', () => segmentation() !== undefined);
    const ids = await middleSlice(segmentation()!);
    const width = session.image.levels[0]!.shape.at(-1)!;
    expect(ids[30 * width + 30]).toBe(1);
    expect(ids[3 * width + 20]).toBe(2);
    expect(errors).toEqual([]);
  });

  it('drops the segmentation when undo leaves fewer than two classes, and redo brings it back', async () => {
    paint();
    await until(session, 'a segmentation', () => segmentation() !== undefined);
    session.undo();
    await until(session, 'no segmentation', () => segmentation() === undefined);
    expect(session.strokes).toHaveLength(1);
    expect(session.canRedo).toBe(true);
    session.redo();
    await until(session, 'a segmentation', () => segmentation() !== undefined);
  });

  it('never shows a result of strokes that have changed since', async () => {
    paint();
    const stale = session.train();
    session.stroke({ classIndex: 0, radiusPx: 2, z: middleZ, t: 0, points: [50, 50] });
    await expect(stale).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await until(session, 'a segmentation', () => segmentation() !== undefined);
    const first = segmentation()!;
    session.stroke({ classIndex: 1, radiusPx: 2, z: middleZ, t: 0, points: [60, 60] });
    expect(segmentation()).toMatchObject({ id: first.id, outdated: true });
    await until(session, 'the next one', () => segmentation()?.outdated === false);
    expect(segmentation()?.fit?.id).not.toBe(first.fit?.id);
    expect(session.layers.filter((layer) => layer.kind === 'classes')).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('never shows a result of other features or another learner as current', async () => {
    paint();
    const first = (await session.train())!;
    const other = session.train({ recipe: { tokenScales: [], kinds: ['gaussian'] } });
    expect(segmentation()).toMatchObject({ id: first.id, outdated: true });
    await other;
    expect(segmentation()).toMatchObject({ outdated: false });
    expect(session.classifier?.fit.recipe.tokens).toEqual([]);
    const classicalNormalisation = { channels: [1, 0], black: [0, 0], white: [255, 200] };
    await session.train({
      recipe: { tokenScales: [], kinds: ['gaussian'], sigmasPx: [0], classicalNormalisation },
    });
    expect(session.classifier?.fit.recipe.classical?.normalisation).toEqual(classicalNormalisation);
    const linear = session.train({ classifier: { kind: 'linear' } });
    expect(segmentation()).toMatchObject({ outdated: true });
    await linear;
    expect(session.classifier?.fit.forest).toBeNull();
    // To check it is no other way to learn.
    const checked = session.train({ validation: 'score' });
    expect(segmentation()).toMatchObject({ outdated: false });
    await checked;
    expect(errors).toEqual([]);
  });

  it('shows the linear answer first and the better one before it, and says where it is unsure', async () => {
    paint();
    const layer = await session.train();
    expect(layer?.levels).toHaveLength(2);
    expect(session.classifier?.fit.forest).not.toBeNull();
    const unsure = await session.uncertainty({ kind: 'entropy' });
    expect(unsure.kind).toBe('uncertainty');
    const [shown] = unsure.levels;
    expect(shown?.pixels.shape).toEqual(layer?.levels[0]?.pixels.shape);
    const lists: number[] = [];
    const places = await session.suggest({
      count: 3,
      chunkLimit: 4,
      onList: (list) => lists.push(list.length),
    });
    expect(lists).toHaveLength(4);
    expect(places.length).toBeGreaterThan(0);
    const [, , height = 0, width = 0] = session.image.levels[0]!.shape;
    for (const { y, x } of places) expect(y >= 0 && y <= height && x >= 0 && x <= width).toBe(true);
    session.stroke({ classIndex: 1, radiusPx: 2, z: middleZ, t: 0, points: [60, 60] });
    expect(session.layers.some(({ kind }) => kind === 'uncertainty')).toBe(false);
    await expect(session.suggest({ count: 1 })).rejects.toThrow(/no classifier of the present strokes/);
  });

  it('keeps the uncertainty layer and the places to label next in step with the classifier', async () => {
    const { guidance } = session;
    guidance.showUncertainty('margin');
    guidance.suggest(true);
    expect(guidance.status).toEqual({ kind: 'waiting' });
    paint();
    const isReady = () => guidance.status.kind === 'ready';
    await until(session, 'places', isReady);
    const first = 'places' in guidance.status ? guidance.status.places : [];
    expect(first.length).toBeGreaterThan(0);
    expect(first.map(({ uncertainty }) => uncertainty)).toEqual(
      first.map(({ uncertainty }) => uncertainty).sort((a, b) => b - a),
    );
    const layers = () => session.layers.filter(({ kind }) => kind === 'uncertainty');
    await until(session, 'the layer', () => layers().length === 1);
    session.stroke({ classIndex: 1, radiusPx: 2, z: middleZ, t: 0, points: [60, 60] });
    expect(guidance.status).toEqual({ kind: 'waiting' });
    expect(layers()).toEqual([]);
    await until(session, 'new places', isReady);
    await until(session, 'the layer again', () => layers().length === 1);
    session.removeLayer(layers()[0]!.id);
    expect(guidance.uncertainty).toBe(null);
    expect(errors).toEqual([]);
  });

  it('saves a clustering into the image, where it is listed, valid and the same', async () => {
    const layer = await session.clusters({ k: 3 });
    const result = await session.save(layer, { name: 'clusters' });
    expect(result.validation).toEqual({ valid: true });
    expect(session.image.labels.map((label) => label.name).sort()).toEqual(['0', 'clusters']);
    const again = await openSessionInProcess({ source: createNodeStore(join(folder, 'image.zarr')) });
    expect(again.image.labels.map((label) => label.name).sort()).toEqual(['0', 'clusters']);
    const saved = await again.openLabel('clusters');
    expect(await middleSlice(saved)).toEqual(await middleSlice(layer));
    expect(saved.names.get(1)).toBe('Cluster 1');
    await expect(session.save(layer, { name: 'clusters' })).rejects.toThrow(/there already/);
    await again.close();
  });

  it('merges and renames clusters as a fit of their own, which a saved label records', async () => {
    const clusters = await session.clusters({ k: 4 });
    const before = await middleSlice(clusters);
    const { clustering } = session;
    await expect(clustering.merge(clusters, [2])).rejects.toThrow(/one cluster alone/);
    const layer = await clustering.merge(clusters, [3, 1]);
    expect(layer.id).not.toBe(clusters.id);
    expect([...layer.names]).toEqual([
      [1, 'Cluster 1 + Cluster 3'],
      [2, 'Cluster 2'],
      [3, 'Cluster 4'],
    ]);
    expect(layer.colors.get(3)).toEqual(clusters.colors.get(4));
    const expected = Array.from(before, Number).map((id) => [0, 1, 2, 1, 3][id]);
    expect(Array.from(await middleSlice(layer), Number)).toEqual(expected);
    const again = await clustering.merge(layer, [2, 3], { name: 'rest' });
    expect(Array.from(await middleSlice(again), Number)).toEqual(expected.map((id) => (id === 3 ? 2 : id)));
    clustering.rename(again, 1, 'grains');
    expect(() => clustering.rename(again, 3, 'x')).toThrow(/no cluster 3/);
    const shown = session.layers.find(({ id }) => id === again.id)!;
    await session.save(shown, { name: 'merged' });
    const saved = await session.openLabel('merged');
    expect(Array.from(await middleSlice(saved), Number)).toEqual(
      Array.from(await middleSlice(again), Number),
    );
    expect([...saved.names]).toEqual([
      [1, 'grains'],
      [2, 'rest'],
    ]);
    const { provenance } = await openLabel(session.image, 'merged');
    const groups = [
      [1, 3],
      [2, 4],
    ];
    expect(provenance?.method).toEqual({ kind: 'kmeans', k: 4, seed: 0, merged: groups });
    expect(provenance?.fit).toMatchObject({
      kind: 'merged',
      id: again.fit?.id,
      source: { clusters: clusters.fit?.id, merged: groups },
    });
    await expect(clustering.merge(saved, [1, 2])).rejects.toThrow(/holds no clusters/);
    expect(errors).toHaveLength(2);
  });

  it('turns a cluster into strokes well inside it, as one step for undo', async () => {
    const clusters = await session.clusters({ k: 2 });
    const ids = await middleSlice(clusters);
    const width = session.image.levels[0]!.shape.at(-1)!;
    const { clustering } = session;
    const at = { z: middleZ, t: 0, count: 6 };
    const first = await clustering.useAsStrokes(clusters, 1, { ...at, classIndex: null });
    expect(first).toEqual({ classIndex: 0, strokes: session.strokes.length });
    expect(session.classes[0]?.name).toBe('Cluster 1');
    expect(first.strokes).toBeGreaterThan(0);
    for (const { points, z, radiusPx, classIndex } of session.strokes) {
      const [x = 0, y = 0] = points;
      expect([z, classIndex]).toEqual([middleZ, 0]);
      expect(radiusPx).toBeGreaterThanOrEqual(1);
      expect(Number(ids[Math.floor(y) * width + Math.floor(x)])).toBe(1);
    }
    const second = await clustering.useAsStrokes(clusters, 2, { ...at, classIndex: null });
    expect(second.classIndex).toBe(1);
    await until(session, 'a segmentation', () => segmentation() !== undefined);
    session.undo();
    expect(session.strokes).toHaveLength(first.strokes);
    await expect(clustering.useAsStrokes(clusters, 3, { ...at, classIndex: 0 })).rejects.toThrow(
      /no cluster 3/,
    );
    await expect(clustering.useAsStrokes(clusters, 1, { ...at, classIndex: 7 })).rejects.toThrow(
      /no class 8/,
    );
    expect(session.strokes).toHaveLength(first.strokes);
  });

  it('colours everything by how like it is to places that are pointed at, and makes strokes of what is', async () => {
    const { similarity } = session;
    const prompt = { x: 20, y: 30, z: middleZ, t: 0, isLike: true };
    const layer = (await similarity.point([prompt]))!;
    const { pixels, imageLevel } = layer.levels[0]!;
    expect([layer.kind, pixels.dtype, pixels.axes.at(-1)?.name, pixels.shape.at(-1)]).toEqual([
      'similarity',
      'uint8',
      'c',
      3,
    ]);
    // The token that holds the place is like itself: yellow.
    const scale = session.image.pixels[0]!.transform.scale;
    const token = pixels.axes.map(({ name }, axis) => {
      const at = { z: middleZ, y: prompt.y - 0.5, x: prompt.x - 0.5 }[name];
      if (at === undefined) return 0;
      const from = session.image.pixels[0]!.axes.findIndex((one) => one.name === name);
      const { scale: step, translation } = pixels.transform;
      return Math.round((at * scale[from]! - translation[axis]!) / step[axis]!);
    });
    const there = { start: token, stop: token.map((i, axis) => (axis === token.length - 1 ? 3 : i + 1)) };
    expect([...(await readRegion(pixels, there, {})).data].map(Number)).toEqual([255, 255, 0]);
    expect(layer.fit?.source).toMatchObject({ level: imageLevel, prompts: [prompt] });

    const made = await similarity.useAsStrokes({ z: middleZ, t: 0, count: 5, classIndex: null, least: 0.5 });
    expect(made).toEqual({ classIndex: 0, strokes: session.strokes.length });
    expect(made.strokes).toBeGreaterThan(0);
    session.undo();
    expect(session.strokes).toEqual([]);

    const both = (await similarity.point([prompt, { ...prompt, x: 90, y: 100, isLike: false }]))!;
    expect(both.fit?.id).not.toBe(layer.fit?.id);
    expect(session.layers.filter(({ kind }) => kind === 'similarity')).toEqual([both]);
    // Only what is not looked for: there is nothing to show.
    expect(await similarity.point([{ ...prompt, isLike: false }])).toBe(null);
    expect(session.layers.some(({ kind }) => kind === 'similarity')).toBe(false);
    await expect(similarity.useAsStrokes({ z: middleZ, t: 0, classIndex: null })).rejects.toThrow(
      /nothing is pointed at/,
    );
    const last = (await similarity.point([prompt]))!;
    session.removeLayer(last.id);
    expect(similarity.prompts).toEqual([]);
  });

  it('goes back to the places that are shown when a further one is cancelled', async () => {
    const { similarity } = session;
    const prompt = { x: 20, y: 30, z: middleZ, t: 0, isLike: true };
    const shown = (await similarity.point([prompt]))!;
    const cancel = new AbortController();
    const further = similarity.point([prompt, { ...prompt, x: 60 }], { signal: cancel.signal });
    expect(similarity.prompts).toHaveLength(2);
    expect(session.layers).toMatchObject([{ id: shown.id, outdated: true }]);
    cancel.abort();
    await expect(further).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(similarity.prompts).toEqual([prompt]);
    expect(session.layers).toMatchObject([{ id: shown.id, outdated: false }]);
  });

  it('answers the latest of several clicks alone', async () => {
    const { similarity } = session;
    const prompt = { x: 20, y: 30, z: middleZ, t: 0, isLike: true };
    const [first, second] = await Promise.allSettled([
      similarity.point([prompt]),
      similarity.point([prompt, { ...prompt, x: 60 }]),
    ]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
    expect(session.layers.filter(({ kind }) => kind === 'similarity')).toHaveLength(1);
    expect(similarity.prompts).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it('finds objects in a clustering, measures them and saves them with their origin', async () => {
    const clusters = await session.clusters({ k: 3 });
    const layer = await session.objects.find(clusters, { method: 'components', only: '1' });
    const { count } = session.objects.factsOf(layer)!;
    const table = await session.objects.measure(layer);
    expect(table.rows).toBe(count);
    expect(new Set(Array.from({ length: count }, (_, row) => Number(table.idAt(row)))).size).toBe(count);
    expect(table.unit).toBe('micrometer');
    await session.save(layer, { name: 'objects' });
    const saved = await session.openLabel('objects');
    const [theirs, ours] = await Promise.all([middleSlice(saved), middleSlice(layer)]);
    expect(Array.from(theirs, Number)).toEqual(Array.from(ours, Number));
    const again = await session.objects.measure(saved);
    const volume = again.column('volume');
    expect(Array.from(again.sorted(volume, 'rising'), (row) => again.valueAt(row, volume))).toEqual(
      Array.from(table.sorted(volume, 'rising'), (row) => table.valueAt(row, volume)),
    );
    const { provenance } = await openLabel(session.image, 'objects');
    expect(provenance?.fit).toMatchObject({
      kind: 'components',
      source: { labels: 'Clusters (3)', fit: clusters.fit?.id },
    });
    session.removeLayer(layer.id);
    expect(session.objects.tableOf(layer)).toBe(null);
    expect(errors).toEqual([]);
  }, 120_000);

  it('edits a clustering by hand, and saves the edits on all levels with their origin', async () => {
    const clusters = await session.clusters({ k: 3 });
    const layer = await session.editing.start(clusters);
    const { current } = session.editing;
    const at = { z: middleZ, t: 0 };
    const id = current!.newId();
    expect(id).toBe(4);
    await current!.brush({ ...at, points: [20, 30, 40, 30], radiusPx: 10 }, id);
    await current!.merge(1, 2);
    current!.undo();
    const [width = 0] = session.image.levels[0]!.shape.slice(-1);
    const shown = await middleSlice(layer);
    expect(shown[30 * width + 30]).toBe(4);
    await session.save(layer, { name: 'corrected' });
    const saved = await session.openLabel('corrected');
    expect(Array.from(await middleSlice(saved), Number)).toEqual(Array.from(shown, Number));
    const coarsest = saved.levels.at(-1)!.pixels;
    const factor = width / coarsest.shape.at(-1)!;
    // The painted area is wide enough that its middle is 4 on every level.
    const place = coarsest.axes.map(({ name }) => ({ z: middleZ, y: 30, x: 30 })[name] ?? 0);
    const start = place.map((value, axis) =>
      Math.floor(value / (session.image.levels[0]!.shape.at(axis - place.length)! / coarsest.shape[axis]!)),
    );
    const { data } = await readRegion(coarsest, { start, stop: start.map((from) => from + 1) }, {});
    expect([factor > 0, Number(data[0])]).toEqual([true, 4]);
    const { provenance } = await openLabel(session.image, 'corrected');
    expect(provenance?.fit).toMatchObject({
      kind: 'edited',
      source: { labels: 'Clusters (3)', made: { kind: 'clusters', id: clusters.fit?.id } },
    });
    expect(provenance?.method).toBe(undefined);
    expect(errors).toEqual([]);
  }, 120_000);
  it('takes scribbles out and in again, as GeoJSON and as labels, each as one step for undo', async () => {
    paint();
    const area = [50, 50, 70, 50, 70, 60, 50, 60];
    session.stroke({ classIndex: 1, radiusPx: 1, points: [], rings: [area], z: middleZ, t: 0 });
    const file: unknown = JSON.parse(JSON.stringify(session.scribbles.toGeojson()));
    const saved = await session.scribbles.save({ name: 'painted' });
    expect(saved.validation).toEqual({ valid: true });
    const first = session.strokes.map(({ id: _, ...stroke }) => stroke);
    session.clearStrokes();
    expect(session.scribbles.addGeojson(file, { where: 'x.geojson' })).toEqual({
      strokes: 3,
      newClasses: [],
      leftOut: [],
    });
    expect(session.strokes.map(({ id: _, ...stroke }) => stroke)).toEqual(first);
    const at = (x: number, y: number) => session.scribbles.classAt({ x, y, z: middleZ, t: 0 });
    const places = [at(30, 30), at(20, 3), at(60, 55), at(75, 55)];
    expect(places).toEqual([0, 1, 1, null]);
    session.undo();
    expect(session.strokes).toEqual([]);

    const again = await openSessionInProcess({ source: createNodeStore(join(folder, 'image.zarr')) });
    const brought = await again.scribbles.addLabels('painted');
    expect(brought).toMatchObject({ strokes: 3, newClasses: ['inside', 'outside'] });
    const there = (x: number, y: number) => again.scribbles.classAt({ x, y, z: middleZ, t: 0 });
    expect([there(30, 30), there(20, 3), there(60, 55), there(75, 55)]).toEqual(places);
    await expect(again.scribbles.addLabels('0')).rejects.toThrow(/Give labels of the image's size/);
    await again.close();
    expect(errors).toEqual([]);
  });

  it('fills, interpolates and refuses, telling of a failure once', () => {
    paint();
    session.stroke({ classIndex: 0, radiusPx: 3, z: middleZ + 4, t: 0, points: [30, 30, 40, 36] });
    expect(session.scribbles.interpolate({ classIndex: 0, t: 0 })).toBe(3);
    expect(session.scribbles.classAt({ x: 30, y: 30, z: middleZ + 2, t: 0 })).toBe(0);
    session.undo();
    expect(session.strokes).toHaveLength(3);
    expect(() => session.scribbles.fill({ x: 90, y: 90, z: middleZ, t: 0, classIndex: 1 })).toThrow(
      /do not enclose/,
    );
    expect(errors).toHaveLength(1);
    session.scribbles.fill({ x: 30, y: 30, z: middleZ, t: 0, classIndex: 1 });
    expect(session.scribbles.classAt({ x: 30, y: 30, z: middleZ, t: 0 })).toBe(1);
    expect(() => session.scribbles.addGeojson([], { where: 'x.geojson' })).toThrow(/nothing is painted/);
  });

  it('gives its classifier away and takes one from a file: the same labels, whatever the channels here', async () => {
    paint();
    const layer = await session.train();
    const { json, onnx } = session.exportClassifier();
    expect(onnx.length).toBeGreaterThan(1000);
    const trained = await middleSlice(layer!);
    const again = await openSessionInProcess({
      source: createNodeStore(join(folder, 'image.zarr')),
      model: join(folder, 'model', 'manifest.json'),
      // The transformer sees what the classifier saw, not what this session was opened with.
      channels: [1],
    });
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['no JSON {', /no JSON.*x\.json/s],
      ['{"format":"alibi-zarr/classifier/1"}', /no classifier/],
      [json.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${'0'.repeat(64)}"`), /checkpoint .*000000000000/],
      [json.replace(/"weights":\[-?\d/, '"weights":[7'), /not those its id was made from/],
    ];
    for (const [text, message] of refusals)
      await expect(again.importClassifier(text, { where: 'x.json' })).rejects.toThrow(message);
    const imported = await again.importClassifier(json, { where: 'x.json' });
    expect(await middleSlice(imported)).toEqual(trained);
    expect(again.classes).toEqual(session.classes);
    expect(again.exportClassifier().json).toBe(json);
    // A stroke of one class trains nothing, and what the file gave stays.
    again.stroke({ classIndex: 0, radiusPx: 2, z: middleZ, t: 0, points: [5, 5] });
    const shown = () => again.layers.find(({ kind }) => kind === 'classes');
    expect(shown()?.outdated).toBe(true);
    await until(again, 'the imported one again', () => shown()?.outdated === false);
    again.updateClass(0, { name: 'renamed' });
    await expect(again.importClassifier(json, { where: 'x.json' })).rejects.toThrow(
      /its classes are inside, outside, and there are strokes of renamed, outside/,
    );
    await again.close();
    expect(errors).toEqual([]);
  });

  it('learns and labels inside a region only: drawn, or a label image', async () => {
    paint();
    const whole = await middleSlice((await session.train())!);
    // A stroke outside would teach another thing; it does not count.
    const ring = [0, 0, 45, 0, 45, 45, 0, 45];
    await session.setRegion({ kind: 'area', rings: [ring] });
    session.stroke({ classIndex: 1, radiusPx: 4, z: middleZ, t: 0, points: [55, 55] });
    const layer = await session.train();
    const inside = await middleSlice(layer!);
    const width = session.image.levels[0]!.shape.at(-1)!;
    const expected = Array.from({ length: whole.length }, (_, i) =>
      Math.floor(i / width) < 45 && i % width < 45 ? Number(whole[i]) : 0,
    );
    expect(Array.from(inside as Uint8Array)).toEqual(expected);
    const places = await session.suggest({ count: 5, chunkLimit: 4 });
    for (const { y, x } of places) expect(Math.max(x, y)).toBeLessThan(64);

    // The same region as a label image, painted in another session.
    const other = await openSessionInProcess({ source: createNodeStore(join(folder, 'image.zarr')) });
    other.addClass({ name: 'inside', color: '009e73' });
    other.stroke({ classIndex: 0, radiusPx: 1, points: [], rings: [ring], z: middleZ, t: 0 });
    await other.scribbles.save({ name: 'inside' });
    await other.close();
    await session.setRegion(null);
    await session.setRegion({ kind: 'labels', name: 'inside' });
    expect(session.region).toEqual({ kind: 'labels', name: 'inside' });
    expect(await middleSlice((await session.train())!)).toEqual(inside);
    await expect(session.setRegion({ kind: 'labels', name: '0' })).rejects.toThrow(/of the image's size/);
    await expect(session.setRegion({ kind: 'area', rings: [[1, 2]] })).rejects.toThrow(/three corners/);
    expect(session.region).toEqual({ kind: 'labels', name: 'inside' });
  });

  it('keeps several images and their strokes in a project, and finds its own again', async () => {
    paint();
    session.stroke({ classIndex: null, radiusPx: 2, z: middleZ, t: 0, points: [1, 1] });
    const first = session.addToProject(null);
    expect(first.images).toHaveLength(1);
    const other = { source: 'elsewhere.zarr', strokes: [] };
    const text = JSON.stringify({ ...first, images: [other, ...first.images], classifier: 'old.json' });
    const project = readProject(text, 'p.json');
    session.clearStrokes();
    expect(session.openProject(project)).toBe(3);
    expect(session.strokes.map(({ classIndex }) => classIndex)).toEqual([0, 1, null]);
    session.addClass({ name: 'third', color: '009e73' });
    session.undo();
    const second = session.addToProject(project);
    expect(second.images.map(({ source }) => source)).toEqual(['elsewhere.zarr', first.images[0]!.source]);
    expect(second.images[1]!.strokes).toEqual([]);
    expect(second.classes.map(({ name }) => name)).toEqual(['inside', 'outside', 'third']);
    expect(second).not.toHaveProperty('classifier');
    expect(readProject(JSON.stringify(second), 'p.json')).toEqual(second);
    session.stroke({ classIndex: 2, radiusPx: 2, z: middleZ, t: 0, points: [5, 5] });
    expect(() => session.openProject(project)).toThrow(/strokes of inside, outside, third/);
    const stray = text.replace('"classIndex":1', '"classIndex":9');
    expect(() => readProject(stray, 'p.json')).toThrow(/names class 9 of 2/);
    expect(() => readProject('[]', 'p.json')).toThrow(/no project.*p\.json/s);
  });

  it('says in words that a model is missing, and the image stays open', async () => {
    const lone = await openSessionInProcess({
      source: createNodeStore(join(folder, 'image.zarr')),
      model: join(folder, 'nowhere', 'manifest.json'),
    });
    await until(lone, 'the failure', () => lone.encoder.kind === 'failed');
    expect(lone.encoder).toMatchObject({ kind: 'failed', error: { tag: 'NotFound' } });
    expect(lone.image.levels).toHaveLength(1);
    await lone.close();
  });

  it('cancels work and reports nothing', async () => {
    const abort = new AbortController();
    const layer = session.clusters({ k: 4, signal: abort.signal });
    abort.abort();
    await expect(layer).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(session.work).toEqual([]);
    expect(errors).toEqual([]);
  });
});
