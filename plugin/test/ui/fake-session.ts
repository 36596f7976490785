import { cached } from '../../src/array/cached.ts';
import { createData, type DataType, type LazyArray, type Transform } from '../../src/array/lazy-array.ts';
import type { AlibiError } from '../../src/errors.ts';
import { type ClusterGroups, mergedLabels } from '../../src/features/merge-clusters.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { createObjectsEngine, type ObjectsEngine } from '../../src/pipeline/objects.ts';
import type { OpenedClassifier } from '../../src/segment/portable.ts';
import type { ClassSpec, HeldOutScore } from '../../src/segment/types.ts';
import { Clustering } from '../../src/session-clustering.ts';
import { paletteColor } from '../../src/session-colors.ts';
import { Editing } from '../../src/session-editing.ts';
import { SessionFits } from '../../src/session-fits.ts';
import { Guidance } from '../../src/session-guidance.ts';
import { LiveProject } from '../../src/session-live-project.ts';
import { canonicalLabels, Objects } from '../../src/session-objects.ts';
import { Painting } from '../../src/session-painting.ts';
import { withImage } from '../../src/session-project.ts';
import { ProjectMemory } from '../../src/session-project-memory.ts';
import { Review } from '../../src/session-review.ts';
import { Scribbles } from '../../src/session-scribbles.ts';
import type { Prompt, SessionSimilarity } from '../../src/session-similarity.ts';
import type { Layer, Learning, Session, SessionEvents, Work } from '../../src/session-types.ts';
import { WorkList } from '../../src/session-work.ts';

type What = SessionEvents['change']['detail']['what'];

/** An array whose elements are a function of their index; `delayMs` makes chunks arrive one after another. */
export function functionArray<T extends DataType>(options: {
  readonly dtype: T;
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly transform?: Transform;
  readonly delayMs?: number;
  readonly fails?: (index: readonly number[]) => Error | null;
  readonly value: (position: readonly number[]) => number | bigint;
}): LazyArray<T> & { readonly requests: number } {
  const { dtype, shape, chunkShape } = options;
  const wide = dtype === 'int64' || dtype === 'uint64';
  let requests = 0;
  return {
    axes: options.axes.map((name) => ({
      name,
      ...(name === 'c' ? { type: 'channel' } : { type: name === 't' ? 'time' : 'space', unit: 'micrometer' }),
    })),
    shape,
    chunkShape,
    dtype,
    fillValue: (wide ? 0n : 0) as LazyArray<T>['fillValue'],
    transform: options.transform ?? { scale: shape.map(() => 1), translation: shape.map(() => 0) },
    revision: 0,
    get requests() {
      return requests;
    },
    async getChunk(index, { signal }) {
      requests++;
      const failure = options.fails?.(index);
      await new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = setTimeout(resolve, options.delayMs ?? 0);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
      if (failure) throw failure;
      const start = index.map((position, axis) => position * chunkShape[axis]!);
      const size = start.map((begin, axis) => Math.min(chunkShape[axis]!, shape[axis]! - begin));
      const count = size.reduce((product, length) => product * length, 1);
      const data = createData(dtype, count);
      const position = [...start];
      for (let i = 0; i < count; i++) {
        let rest = i;
        for (let axis = size.length - 1; axis >= 0; axis--) {
          position[axis] = start[axis]! + (rest % size[axis]!);
          rest = Math.floor(rest / size[axis]!);
        }
        (data as Float64Array)[i] = options.value(position) as number;
      }
      return { data, shape: size };
    },
  };
}

/** Voronoi grains with round precipitates, smooth noise and a charging gradient: what a person would load. */
export function microstructure(x: number, y: number): { grain: number; precipitate: boolean; shade: number } {
  const cell = 180;
  let best = Number.POSITIVE_INFINITY;
  let second = Number.POSITIVE_INFINITY;
  let grain = 0;
  const cx = Math.floor(x / cell);
  const cy = Math.floor(y / cell);
  for (let j = cy - 1; j <= cy + 1; j++) {
    for (let i = cx - 1; i <= cx + 1; i++) {
      const id = hash(i * 7919 + j * 104729);
      const d = Math.hypot((i + (id & 255) / 255) * cell - x, (j + ((id >> 8) & 255) / 255) * cell - y);
      if (d < best) {
        second = best;
        best = d;
        grain = id & 0xffff;
      } else if (d < second) second = d;
    }
  }
  const p = 37;
  const px = Math.floor(x / p);
  const py = Math.floor(y / p);
  const pid = hash(px * 31337 + py * 271);
  const precipitate = (pid & 3) === 0 && Math.hypot((px + 0.5) * p - x, (py + 0.5) * p - y) < 6 + (pid % 7);
  const noise = ((hash(x * 92821 + y * 68917) & 255) - 128) / 128;
  const boundary = second - best < 5 ? -0.25 : 0;
  const shade =
    0.35 +
    0.25 * ((grain & 255) / 255) +
    (precipitate ? 0.28 : 0) +
    boundary +
    0.05 * noise +
    0.08 * Math.sin(y / 700);
  return { grain: 1 + (grain % 5), precipitate, shade: Math.min(1, Math.max(0, shade)) };
}

function hash(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A three-channel image of 2048 pixels in four levels whose factors are 2, 3 and 2. */
export function fakeImage(
  options: { readonly sizePx?: number; readonly rgb?: boolean; readonly z?: number } = {},
): OmeImage {
  const size = options.sizePx ?? 2048;
  const depth = options.z ?? 4;
  const factors = [1, 2, 6, 12];
  const pixels = factors.map((factor) => {
    const side = Math.ceil(size / factor);
    return functionArray({
      dtype: 'uint16',
      axes: ['c', 'z', 'y', 'x'],
      shape: [3, depth, side, side],
      chunkShape: [1, 1, 256, 256],
      transform: { scale: [1, 1, 0.25 * factor, 0.25 * factor], translation: [0, 0, 0, 0] },
      delayMs: 10,
      value: ([c = 0, z = 0, y = 0, x = 0]) => {
        const { shade, precipitate, grain } = microstructure(x * factor + z * 40, y * factor);
        const value = c === 0 ? shade : c === 1 ? (precipitate ? 0.8 : 0.05) : grain === 2 ? 0.7 : 0.1;
        return Math.round(value * 4000);
      },
    });
  });
  const channel = (label: string, color: string, active: boolean) => ({
    label,
    color,
    active,
    window: { start: 0, end: 4095, min: 0, max: 65535 },
    estimated: false,
  });
  return {
    name: 'Ni superalloy, creep 900 °C',
    version: '0.5',
    zarrFormat: 3,
    axes: pixels[0]!.axes,
    levels: pixels.map((array, index) => ({
      path: String(index),
      shape: array.shape,
      chunks: array.chunkShape,
      dtype: array.dtype,
      transform: array.transform,
    })),
    pixels,
    channels: [
      channel('BSE', 'ffffff', true),
      channel('Al Kα', '00d0ff', false),
      channel('Cr Kα', 'ff8800', false),
    ],
    rgb: false,
    labels: [{ name: 'grains', path: 'labels/grains' }],
    store: new Map<string, Uint8Array>() as unknown as OmeImage['store'],
    path: '',
    location: 'http://localhost/sample.zarr',
    attributes: {},
    metadataHash: '0'.repeat(64),
  };
}

/** A session that answers at once from functions; `settings` makes its states. */
export function fakeSession(
  settings: {
    readonly image?: OmeImage;
    readonly encoder?: Session['encoder'];
    readonly delayMs?: number;
    readonly engine?: ObjectsEngine;
  } = {},
): Session & { emit(what: What): void } {
  const image = settings.image ?? fakeImage();
  const finest = image.pixels[0]!;
  const target = new EventTarget();
  let layers: Layer[] = [];
  const painting = new Painting({
    changed: (what) => {
      if (what === 'strokes') segment();
      emit(what);
    },
    outdated: () => guidance.outdated(),
    train: () => Promise.resolve(),
  });
  let learning: Learning = {};
  let made = 0;
  const emit = (what: What) => target.dispatchEvent(new CustomEvent('change', { detail: { what } }));
  const add = (layer: Layer): Layer => {
    layers = [...layers.filter((old) => old.kind !== layer.kind || old.kind === 'label'), layer];
    emit('layers');
    return layer;
  };
  const tokens = (imageLevel: number) => {
    const base = image.pixels[imageLevel]!;
    const px = base.transform.scale.at(-1)!;
    const count = Math.ceil(base.shape.at(-1)! / 14);
    const factor = px / finest.transform.scale.at(-1)!;
    return functionArray({
      dtype: 'uint8',
      axes: ['z', 'y', 'x', 'c'],
      shape: [image.pixels[0]!.shape[1]!, count, count, 3],
      chunkShape: [1, 21, 21, 3],
      transform: { scale: [1, px * 14, px * 14, 1], translation: [0, px * 6.5, px * 6.5, 0] },
      delayMs: settings.delayMs ?? 30,
      value: ([, y = 0, x = 0, c = 0]) => {
        const { grain, precipitate } = microstructure((x + 0.5) * 14 * factor, (y + 0.5) * 14 * factor);
        return 40 + ((grain * 53 + c * 90 + (precipitate ? 70 : 0)) % 200);
      },
    });
  };
  const ids = (imageLevel: number, value: (x: number, y: number) => number) => {
    const base = image.pixels[imageLevel]!;
    const factor = base.transform.scale.at(-1)! / finest.transform.scale.at(-1)!;
    return functionArray({
      dtype: 'uint8',
      axes: ['z', 'y', 'x'],
      shape: base.shape.slice(1),
      chunkShape: [1, 256, 256],
      transform: { scale: base.transform.scale.slice(1), translation: base.transform.translation.slice(1) },
      delayMs: settings.delayMs ?? 30,
      value: ([, y = 0, x = 0]) => value(x * factor, y * factor),
    });
  };
  const side = finest.shape.at(-1)!;
  const guidance = new Guidance({
    changed: () => emit('guidance'),
    layer: async (kind) =>
      add({
        id: `uncertainty-${kind}`,
        name: `Uncertainty (${kind})`,
        kind: 'uncertainty',
        levels: [{ pixels: ids(1, (x, y) => (x * 7 + y * 3) & 255), imageLevel: 1 }],
        fit: null,
        colors: new Map(Array.from({ length: 255 }, (_, i) => [i + 1, [i, i >> 1, 90]] as const)),
        names: new Map(),
        derived: true,
        outdated: false,
      }),
    removeLayer: () => {
      layers = layers.filter(({ kind }) => kind !== 'uncertainty');
      emit('layers');
    },
    // Places on a diagonal, the first the most unsure; reviewed ones are left out, as the session does.
    look: async ({ count, isSettled }) =>
      Array.from({ length: count }, (_, i) => ({
        t: 0,
        z: i % 2,
        y: ((i + 1) * side) / (count + 2),
        x: ((i + 1) * side) / (count + 2),
        uncertainty: 0.95 - 0.05 * i,
      })).filter((place) => !isSettled(place)),
  });
  const clusterings = new Map<string, { readonly k: number; readonly groups: ClusterGroups }>();
  const clusterIds = (k: number) =>
    cached(
      ids(1, (x, y) => 1 + (microstructure(x, y).grain % k)),
      { byteLimit: 2 ** 24 },
    );
  const noScores = functionArray({
    dtype: 'float32',
    axes: ['y', 'x', 'c'],
    shape: [1, 1, 1],
    chunkShape: [1, 1, 1],
    value: () => 0,
  });
  const clustering = new Clustering({
    image: () => image,
    painting,
    layers: {
      change: (which, change) => {
        layers = layers.map((layer) => (which(layer) ? change(layer) : layer));
        emit('layers');
      },
    },
    scores: {
      partsOf: ({ id }) => {
        const known = clusterings.get(id);
        if (known === undefined) return undefined;
        const { k, groups } = known;
        return {
          scores: noScores,
          imageLevel: 1,
          strokes: [],
          method: { kind: 'kmeans', k, seed: 0 },
          groups,
        };
      },
      add: async (_pipeline, { groups, name, kind, fit, colors, names, method }) => {
        const k = method.kind === 'kmeans' ? method.k : 0;
        const id = `clusters-${++made}`;
        const pixels = mergedLabels(clusterIds(k), groups ?? []);
        clusterings.set(id, { k, groups: groups ?? [] });
        const shown = { levels: [{ pixels, imageLevel: 1 }], derived: true, outdated: false };
        return add({ ...shown, id, name, kind, fit, colors, names });
      },
    },
    ready: async () => ({
      labels: () => Promise.reject(new Error('the fake session has no transformer')),
    }),
    run: (title, signal, task) => works.run(title, signal, task),
  });
  let work: readonly Work[] = [];
  const works = new WorkList(new AbortController().signal, {
    changed: () => {
      work = works.list;
      emit('work');
    },
    failed: (error) => failed(error),
  });
  const labelsOf = async (layer: Layer) =>
    (editing.savable(layer) ?? objects.savable(layer))?.labels ?? canonicalLabels(layer.levels[0]!.pixels);
  const editing = new Editing({
    works,
    finest: () => finest,
    labelsOf,
    largestId: (layer, labels, options) => objects.largestId(layer, labels, options),
    addLayer: (parts) => add({ ...parts, id: `edited-${++made}`, derived: true, outdated: false }),
    changed: () => emit('layers'),
  });
  const objects: Objects = new Objects({
    engine: settings.engine ?? createObjectsEngine(),
    image: () => image,
    works,
    labelsOf,
    addLayer: (parts) => add({ ...parts, id: `instances-${++made}`, derived: true, outdated: false }),
    changed: () => emit('objects'),
  });
  /** A segmentation as soon as two classes are painted. */
  const segment = (): void => {
    if (!project.parts.isTrainable) return;
    const { classes, strokes } = painting;
    add({
      id: `classes-${strokes.length}`,
      name: 'Segmentation',
      kind: 'classes',
      levels: [{ pixels: ids(1, (x, y) => (microstructure(x, y).precipitate ? 2 : 1)), imageLevel: 1 }],
      fit: null,
      colors: new Map(classes.map(({ color }, index) => [index + 1, rgb(color)])),
      names: new Map(classes.map(({ name }, index) => [index + 1, name])),
      derived: true,
      outdated: false,
    });
    guidance.trained();
  };
  const depth = image.levels[0]!.shape[image.axes.findIndex(({ name }) => name === 'z')] ?? 1;
  const review = new Review({ depth, times: 1 }, () => emit('project'));
  const project = new LiveProject({
    image: () => image,
    painting,
    review,
    region: () => null,
    setRegion: () => {},
    learning: () => learning,
    setLearning: (given) => {
      learning = { ...learning, ...given };
    },
    fits: new SessionFits({ image: () => image, lifetime: new AbortController().signal }),
    memory: new ProjectMemory(),
    sign: undefined,
    run: (title, signal, task) => works.run(title, signal, task),
    changed: () => emit('project'),
  });
  const failed = (error: AlibiError) => target.dispatchEvent(new CustomEvent('error', { detail: { error } }));
  let prompts: readonly Prompt[] = [];
  const similarity: SessionSimilarity = {
    get prompts() {
      return prompts;
    },
    async point(next) {
      prompts = next;
      layers = layers.filter(({ kind }) => kind !== 'similarity');
      emit('layers');
      if (!next.some(({ isLike }) => isLike)) return null;
      const pixels = functionArray({
        dtype: 'uint8',
        axes: ['y', 'x', 'c'],
        shape: [...image.pixels[1]!.shape.slice(-2), 3],
        chunkShape: [64, 64, 3],
        value: ([y = 0, x = 0]) => (microstructure(2 * x, 2 * y).precipitate ? 230 : 60),
      });
      const shown = { levels: [{ pixels, imageLevel: 1 }], fit: null, derived: true, outdated: false };
      return add({
        ...shown,
        id: `similarity-${++made}`,
        name: 'Similarity',
        kind: 'similarity',
        colors: new Map(),
        names: new Map(),
      });
    },
    async useAsStrokes({ classIndex, z, t }) {
      const into = classIndex ?? painting.addClass({ name: 'Alike', color: 'e69f00' });
      painting.addAll([{ classIndex: into, radiusPx: 3, points: [10, 10], z, t }]);
      return { classIndex: into, strokes: 1 };
    },
  };
  const session: Session & { emit: typeof emit } = {
    guidance,
    similarity,
    objects,
    editing,
    clustering,
    get learning() {
      return learning;
    },
    emit,
    image,
    encoder: settings.encoder ?? {
      kind: 'ready',
      provider: 'wasm-threads',
      windowMs: 1180,
      report: {
        chosen: 'wasm-threads',
        refused: [{ provider: 'webgpu', reason: 'no adapter found' }],
        selfTestError: 3.1e-4,
      },
    },
    get layers() {
      return layers;
    },
    get classes() {
      return painting.classes;
    },
    get strokes() {
      return painting.strokes;
    },
    get canUndo() {
      return painting.canUndo;
    },
    get canRedo() {
      return painting.canRedo;
    },
    get work() {
      return work;
    },
    scribbles: new Scribbles({
      image: () => image,
      painting,
      failed,
      run: (_title, _signal, task) => task({ signal: new AbortController().signal, onProgress: () => {} }),
      save: (options) => session.save(layers[0]!, options),
    }),
    windowsPerLevel: [49, 16, 4, 1],
    pca: async () =>
      add({
        id: 'pca',
        name: 'Features',
        kind: 'pca',
        levels: image.pixels.map((_, imageLevel) => ({ pixels: tokens(imageLevel), imageLevel })),
        fit: null,
        colors: new Map(),
        names: new Map(),
        derived: true,
        outdated: false,
      }),
    clusters: async ({ k }) => {
      const id = `clusters-of-${k}`;
      const all = Array.from({ length: k }, (_, index) => index + 1);
      clusterings.set(id, { k, groups: all.map((one) => [one]) });
      return add({
        id,
        name: `Clusters (${k})`,
        kind: 'clusters',
        levels: [{ pixels: clusterIds(k), imageLevel: 1 }],
        fit: { kind: 'clusters', id: 'c'.repeat(64), source: { seed: 0 } },
        colors: new Map(all.map((one) => [one, paletteColor(one)])),
        names: new Map(all.map((one) => [one, `Cluster ${one}`])),
        derived: true,
        outdated: false,
      });
    },
    openLabel: async (name) =>
      add({
        id: `label-${name}`,
        name,
        kind: 'label',
        levels: [{ pixels: ids(0, (x, y) => microstructure(x, y).grain), imageLevel: 0 }],
        fit: null,
        colors: new Map(),
        names: new Map(),
        derived: false,
        outdated: false,
      }),
    removeLayer(id) {
      if (id.startsWith('uncertainty')) guidance.layerRemoved();
      layers = layers.filter((layer) => layer.id !== id);
      emit('layers');
    },
    addClass: (spec) => painting.addClass(spec),
    updateClass: (index, spec) => painting.updateClass(index, spec),
    removeClass: (index) => painting.removeClass(index),
    stroke: (stroke) => painting.add(stroke),
    undo: () => painting.undo(),
    redo: () => painting.redo(),
    clearStrokes: () => painting.clear(),
    train: async ({ signal: _signal, level: _level, ...chosen } = {}) => {
      learning = { ...learning, ...chosen };
      emit('layers');
      return null;
    },
    get classifier() {
      const isThere = layers.some(({ kind }) => kind === 'classes');
      return isThere ? fakeClassifier(painting.classes, learning) : null;
    },
    exportClassifier: () => ({ json: '{}\n', onnx: new Uint8Array(4) }),
    importClassifier: () => Promise.reject(new Error('the fake session has no transformer')),
    region: null,
    setRegion: async (region) => {
      Object.assign(session, { region });
      emit('strokes');
    },
    addToProject: (given) =>
      withImage(given, { image, classes: painting.classes, strokes: painting.strokes }),
    review,
    project,
    openProject: (given) => project.open(given),
    uncertainty: () => Promise.reject(new Error('the fake session has no classifier')),
    suggest: () => Promise.reject(new Error('the fake session has no classifier')),
    save: async (_layer, { name, onProgress, pause, signal }) => {
      for (let done = 0; done <= 10; done++) {
        await pause?.passed(signal);
        onProgress?.({ done, total: 10, bytes: done * 8400, etaMs: (10 - done) * 40 });
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      return {
        written: 64,
        skipped: 3,
        resumed: 0,
        objects: 16,
        bytes: 84_000,
        seconds: 1.9,
        conflictCheck: 'compared',
        validation: { valid: true },
        location: `${image.location}/labels/${name}`,
      };
    },
    forecast: async (_layer, { name }) => ({
      version: '0.5',
      dtype: 'uint8',
      compression: 'zstd',
      axes: ['y', 'x'],
      levels: [{ shape: [512, 512], chunks: [256, 256], shards: null }],
      objects: 4,
      rawBytes: 2 ** 18,
      bytes: 26_000,
      taken: false,
      unfinished: null,
      location: `${image.location}/labels/${name}`,
    }),
    renameLabel: async () => ({ undo: async () => {}, remove: async () => {} }),
    deleteLabel: async () => ({ undo: async () => {}, remove: async () => {} }),
    close: async () => {},
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    dispatchEvent: target.dispatchEvent.bind(target),
  };
  return session;
}

/** One that was trained on 1,200, 90, 90, … pixels; of 100 pixels of a class left out it tells 90 right. */
function fakeClassifier(classes: readonly ClassSpec[], { validation }: Learning): OpenedClassifier {
  const counts = classes.map((_, index) => (index === 0 ? 1200 : 90));
  const heldOut: HeldOutScore = {
    meanIou: 0.82,
    balancedAccuracy: 0.9,
    confusion: classes.map((_, row) => classes.map((__, column) => (row === column ? 90 : 10))),
    folds: 2,
  };
  return {
    model: null,
    fit: {
      kind: 'classifier',
      id: '0'.repeat(64),
      source: {},
      classes,
      level: 1,
      pixelSizeUm: null,
      normalisation: { channels: [0], black: [0], white: [1] },
      recipe: { tokens: [], classical: null },
      linear: null,
      forest: null,
      smoothingPx: 0,
      counts,
      heldOut: validation === 'score' ? heldOut : null,
    },
  };
}

function rgb(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
