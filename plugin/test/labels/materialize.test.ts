import { describe, expect, it } from 'vitest';
import type { LabelType, LazyArray } from '../../src/array/lazy-array.ts';
import { fromMemory } from '../../src/array/memory.ts';
import { readRegion } from '../../src/array/region.ts';
import { transposed } from '../../src/array/transposed.ts';
import { AlibiError, isAbort } from '../../src/errors.ts';
import { Journal } from '../../src/labels/journal.ts';
import { type MaterializeInput, materialize } from '../../src/labels/materialize.ts';
import type { ProvenanceFacts } from '../../src/labels/provenance.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { blobs, labelsOf, MemoryStore, writeImage } from './image-fixture.ts';

const facts: ProvenanceFacts = {
  model: { name: 'tiny', sha256: 'a'.repeat(64), precision: 'fp32' },
  executionProvider: 'cpu',
  normalisation: { channels: [0], black: [0], white: [255] },
  fit: { kind: 'clusters', id: 'b'.repeat(64), source: { seed: 0 } },
  strokes: [],
  imageMetadataSha256: 'c'.repeat(64),
};
const classes = [
  { id: 1, name: 'matrix', color: 'ff0000' },
  { id: 2, name: 'particle', color: '00ff80' },
];

function inputOf(
  store: MemoryStore,
  image: OmeImage,
  more: Partial<MaterializeInput> = {},
): MaterializeInput {
  return {
    labels: labelsOf(image, 'uint8', 16, blobs),
    image,
    target: store,
    targetPath: image.path,
    name: 'phases',
    classes,
    provenance: facts,
    ...more,
  };
}

/** All ids of one level, as plain numbers in stored order. */
async function idsOf(store: MemoryStore, path: string, name: string, level = 0): Promise<number[]> {
  const image = await openImage({ store, path, location: 'memory' });
  const label = await openLabel(image, name);
  const array = label.pyramid[level]!;
  const { data } = await readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Mode of every covered box, straight from the definition: the slow, obvious way. */
function modeOf(
  ids: number[],
  shape: readonly number[],
  factors: readonly number[],
  out: readonly number[],
): number[] {
  const at = (position: readonly number[]) =>
    ids[position.reduce((sum, p, axis) => sum * shape[axis]! + p, 0)]!;
  const boxes = (sizes: readonly (readonly number[])[]): number[][] =>
    sizes.reduce<number[][]>((all, values) => all.flatMap((head) => values.map((v) => [...head, v])), [[]]);
  const positions = boxes(out.map((size) => Array.from({ length: size }, (_, i) => i)));
  return positions.map((position) => {
    const covered = position.map((i, axis) => {
      const start = Math.min(Math.floor(i * factors[axis]!), shape[axis]! - 1);
      const stop = Math.min(Math.ceil((i + 1) * factors[axis]!), shape[axis]!);
      return Array.from({ length: Math.max(1, stop - start) }, (_, k) => start + k);
    });
    const votes = new Map<number, number>();
    for (const box of boxes(covered)) votes.set(at(box), (votes.get(at(box)) ?? 0) + 1);
    return [...votes].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]![0];
  });
}

const cases = [
  {
    title: '0.4, yx, odd sizes halved',
    zarrFormat: 2,
    axes: 'yx',
    levels: [
      [37, 51],
      [18, 25],
      [9, 13],
    ],
    factors: [2, 2],
  },
  {
    title: '0.5 sharded, tczyx',
    zarrFormat: 3,
    axes: 'tczyx',
    shards: true,
    levels: [
      [2, 3, 3, 40, 33],
      [2, 3, 3, 20, 16],
    ],
    factors: [1, 1, 2, 2],
  },
  {
    title: '0.5, 3-D halved along z too',
    zarrFormat: 3,
    axes: 'zyx',
    levels: [
      [5, 24, 30],
      [2, 12, 15],
    ],
    factors: [2.5, 2, 2],
  },
  {
    title: '0.4, channels last among the axes stored before space, x before y',
    zarrFormat: 2,
    axes: 'czxy',
    levels: [
      [2, 2, 31, 20],
      [2, 2, 10, 7],
    ],
    factors: [1, 3, 3],
  },
  {
    title: '0.5, factor 2.5',
    zarrFormat: 3,
    axes: 'cyx',
    levels: [
      [1, 50, 35],
      [1, 20, 14],
    ],
    factors: [2.5, 2.5],
  },
] as const;

describe('materialize', () => {
  it('makes a level that covers more than a piece of memory, piece by piece', async () => {
    const store = new MemoryStore();
    const [sizePx, factor] = [4096, 256];
    const levels = [
      [sizePx, sizePx],
      [sizePx / factor, sizePx / factor],
    ];
    const image = await writeImage(store, '', { zarrFormat: 3, axes: 'yx', levels });
    // Fields of 256², each of one id but for a stripe that does not win.
    const id = (y: number, x: number) => (x % factor < 100 ? 9 : 1 + (((y >> 8) + 2 * (x >> 8)) % 5));
    const data = Uint8Array.from({ length: sizePx ** 2 }, (_, i) => id(Math.floor(i / sizePx), i % sizePx));
    const labels = fromMemory(data, { shape: levels[0]!, dtype: 'uint8', chunkShape: [512, 512] });
    await materialize(inputOf(store, image, { labels }));
    const expected = Array.from({ length: 256 }, (_, i) => 1 + (((i >> 4) + 2 * (i & 15)) % 5));
    expect(await idsOf(store, '', 'phases', 1)).toEqual(expected);
  });

  for (const { title, factors, ...spec } of cases) {
    it(`writes what was given, and its mode pyramid: ${title}`, async () => {
      const store = new MemoryStore();
      const image = await writeImage(store, '', spec);
      const input = inputOf(store, image);
      const progress: number[] = [];
      const result = await materialize({
        ...input,
        onProgress: ({ done, total }) => progress.push(done / total),
      });
      expect(result.validation).toEqual({ valid: true });
      expect(progress.at(0)).toBe(0);
      expect(progress.at(-1)).toBe(1);
      const order = image.axes.map((axis) => axis.name).filter((name) => name !== 'c');
      const label = await openLabel(await openImage({ store, path: '', location: 'memory' }), 'phases');
      expect(label.axes.map((axis) => axis.name)).toEqual(order);
      const given = transposed(input.labels, order);
      const whole = await readRegion(given, { start: given.shape.map(() => 0), stop: given.shape }, {});
      const ids = Array.from(whole.data as ArrayLike<number | bigint>, Number);
      expect(await idsOf(store, '', 'phases')).toEqual(ids);
      for (let level = 1; level < spec.levels.length; level++) {
        const out = label.pyramid[level]!.shape;
        // Against the finest level: the mode of modes is another thing.
        const fromFinest = factors.map((factor) => factor ** level);
        const mode = modeOf(ids, given.shape, fromFinest, out);
        expect(await idsOf(store, '', 'phases', level), `level ${level}`).toEqual(mode);
      }
      // The image's own sizes and transformations, without c.
      for (const [n, level] of image.levels.entries()) {
        const kept = image.axes.flatMap((axis, i) => (axis.name === 'c' ? [] : [i]));
        expect(label.levels[n]!.shape).toEqual(kept.map((i) => level.shape[i]));
        expect(label.levels[n]!.transform.scale).toEqual(kept.map((i) => level.transform.scale[i]));
        expect(label.levels[n]!.transform.translation).toEqual(
          kept.map((i) => level.transform.translation[i]),
        );
      }
      expect(label.colors.get(2)).toEqual([0, 255, 128, 255]);
      expect(label.properties.get(1)).toMatchObject({ name: 'matrix' });
      expect(label.provenance).toMatchObject({
        ...facts,
        format: 'alibi-zarr/label-provenance/1',
        image: 'memory',
      });
      expect([...store.values.keys()].filter((key) => key.includes('journal'))).toEqual([]);
    });
  }

  for (const dtype of ['uint16', 'uint32', 'uint64'] as const) {
    it(`keeps ${dtype} ids exactly`, async () => {
      const store = new MemoryStore();
      const image = await writeImage(store, '', {
        zarrFormat: 3,
        axes: 'yx',
        levels: [
          [20, 20],
          [10, 10],
        ],
      });
      const largest = { uint16: 65_535, uint32: 4_294_967_295, uint64: 2 ** 53 - 1 }[dtype];
      const labels = labelsOf(image, dtype, 16, ({ y = 0 }) => (y < 10 ? largest : largest - 1));
      await materialize(inputOf(store, image, { labels }));
      expect(new Set(await idsOf(store, '', 'phases', 1))).toEqual(new Set([largest, largest - 1]));
    });
  }

  it('writes from a coarser level down when the labels have its size', async () => {
    const store = new MemoryStore();
    const image = await writeImage(store, '', {
      zarrFormat: 2,
      axes: 'yx',
      levels: [
        [40, 40],
        [20, 20],
        [10, 10],
      ],
    });
    await materialize(inputOf(store, image, { labels: labelsOf(image, 'uint8', 16, blobs, 1) }));
    const label = await openLabel(await openImage({ store, path: '', location: 'memory' }), 'phases');
    expect(label.levels.map((level) => level.shape)).toEqual([
      [20, 20],
      [10, 10],
    ]);
    expect(label.levels[0]!.transform).toEqual(image.levels[1]!.transform);
  });

  it('refuses a taken name, replaces it when told to, and leaves other labels alone', async () => {
    for (const canList of [true, false]) {
      const store = new MemoryStore({ canList });
      const image = await writeImage(store, '', {
        zarrFormat: 2,
        axes: 'yx',
        levels: [
          [40, 40],
          [20, 20],
        ],
      });
      await materialize(inputOf(store, image, { name: 'phases2' }));
      await materialize(inputOf(store, image));
      const others = [...store.values].filter(([key]) => key.startsWith('/labels/phases2/'));
      const before = store.copy();
      await expect(materialize(inputOf(store, image))).rejects.toMatchObject({ tag: 'Conflict' });
      expect(store.values).toEqual(before.values);
      const sevens = labelsOf(image, 'uint8', 16, () => 7);
      await materialize(inputOf(store, image, { labels: sevens, overwrite: true }));
      expect(new Set(await idsOf(store, '', 'phases'))).toEqual(new Set([7]));
      expect([...store.values].filter(([key]) => key.startsWith('/labels/phases2/'))).toEqual(others);
      expect(store.json('/labels/.zattrs')).toMatchObject({ labels: ['phases2', 'phases'] });
      // Nothing of the replaced revision is left.
      const revisions = [...store.values.keys()].flatMap(
        (key) => /^\/labels\/phases\/(rev-[^/]+)/.exec(key)?.[1] ?? [],
      );
      expect(new Set(revisions).size).toBe(1);
    }
  });

  it.each(['', 'a/b', '..', '.hidden', '__x', 'a\\b', 'zarr.json', 'x'.repeat(256), 'a:b', 'end.'])(
    'refuses the name %j',
    async (name) => {
      const store = new MemoryStore();
      const image = await writeImage(store, '', { zarrFormat: 3, axes: 'yx', levels: [[8, 8]] });
      const before = store.values.size;
      await expect(materialize(inputOf(store, image, { name }))).rejects.toMatchObject({
        tag: 'InvalidInput',
      });
      expect(store.values.size).toBe(before);
    },
  );

  it('writes into another place, and says where the image lies', async () => {
    const store = new MemoryStore();
    const opened = await writeImage(store, '', { zarrFormat: 3, axes: 'yx', levels: [[8, 8]] });
    const image = { ...opened, location: 'https://user:secret@example.org/image.zarr?token=1' };
    const other = new MemoryStore();
    await materialize(inputOf(other, image, { targetPath: '/out' }));
    const document = JSON.stringify(other.json('/out/labels/phases/zarr.json'));
    expect(document).toContain('"image":"https://example.org/image.zarr"');
    expect(document).not.toContain('secret');
    expect(document).not.toContain('token');
    expect(other.json('/out/labels/zarr.json')).toMatchObject({
      attributes: { ome: { version: '0.5', labels: ['phases'] }, labels: ['phases'] },
    });
  });

  it('rewrites the consolidated metadata of the image', async () => {
    const v2 = new MemoryStore();
    const image2 = await writeImage(v2, '', { zarrFormat: 2, axes: 'yx', levels: [[8, 8]] });
    const zarray = v2.json('/0/.zarray');
    v2.values.set(
      '/.zmetadata',
      jsonBytesOf({ zarr_consolidated_format: 1, metadata: { '0/.zarray': zarray } }),
    );
    await materialize(inputOf(v2, image2));
    const first = Object.keys((v2.json('/.zmetadata') as { metadata: object }).metadata);
    expect(first).toContain('0/.zarray');
    expect(first).toContain('labels/.zattrs');
    expect(first.filter((key) => /^labels\/phases\/rev-[^/]+\/0\/\.zarray$/.test(key))).toHaveLength(1);
    await materialize(inputOf(v2, image2, { overwrite: true }));
    const second = Object.keys((v2.json('/.zmetadata') as { metadata: object }).metadata);
    expect(second.filter((key) => /^labels\/phases\/rev-[^/]+\/0\/\.zarray$/.test(key))).toHaveLength(1);
    expect(second).not.toEqual(first);

    const v3 = new MemoryStore();
    const image3 = await writeImage(v3, '/a/0', { zarrFormat: 3, axes: 'yx', levels: [[8, 8]] });
    for (const key of ['/zarr.json', '/a/0/zarr.json']) {
      const document = (v3.json(key) ?? { zarr_format: 3, node_type: 'group', attributes: {} }) as object;
      const consolidated_metadata = { kind: 'inline', must_understand: false, metadata: {} };
      v3.values.set(key, jsonBytesOf({ ...document, consolidated_metadata }));
    }
    await materialize(inputOf(v3, image3));
    const nodes = (key: string) =>
      Object.keys(
        (v3.json(key) as { consolidated_metadata: { metadata: object } }).consolidated_metadata.metadata,
      ).map((path) => path.replace(/rev-[^/]+/, 'rev'));
    expect(nodes('/a/0/zarr.json').sort()).toEqual([
      'labels',
      'labels/phases',
      'labels/phases/rev',
      'labels/phases/rev/0',
    ]);
    expect(nodes('/zarr.json')).toContain('a/0/labels/phases/rev/0');
  });

  for (const { zarrFormat, overwrite, canList } of [
    { zarrFormat: 2, overwrite: false, canList: true },
    { zarrFormat: 2, overwrite: true, canList: true },
    { zarrFormat: 3, overwrite: false, canList: false },
    { zarrFormat: 3, overwrite: true, canList: false },
  ] as const) {
    it(`leaves the old or the new label whichever write fails: v${zarrFormat}, ${overwrite ? 'replacing' : 'new'}`, async () => {
      await everyFault({ zarrFormat, overwrite, canList, fault: 'failure' });
    });
    it(`leaves the old or the new label whenever it is aborted: v${zarrFormat}, ${overwrite ? 'replacing' : 'new'}`, async () => {
      await everyFault({ zarrFormat, overwrite, canList, fault: 'abort' });
    });
    it(`leaves the old or the new label when the machine dies: v${zarrFormat}, ${overwrite ? 'replacing' : 'new'}`, async () => {
      await everyFault({ zarrFormat, overwrite, canList, fault: 'crash' });
    });
  }
});

interface FaultCase {
  readonly zarrFormat: 2 | 3;
  readonly overwrite: boolean;
  readonly canList: boolean;
  /** `crash`: nothing after the n-th write happens, deletions neither. */
  readonly fault: 'failure' | 'abort' | 'crash';
}

async function everyFault({ zarrFormat, overwrite, canList, fault }: FaultCase): Promise<void> {
  const origin = new MemoryStore({ canList });
  const spec = {
    zarrFormat,
    axes: 'yx',
    levels: [
      [40, 40],
      [20, 20],
    ],
    shards: zarrFormat === 3,
  } as const;
  const base = await writeImage(origin, '', spec);
  const old = labelsOf(base, 'uint8', 16, () => 5);
  if (overwrite) await materialize(inputOf(origin, base, { labels: old }));
  const oldIds = overwrite ? [5] : 'none';
  const newIds = labelsOf(base, 'uint8', 16, () => 9);
  let n = 0;
  let completed = false;
  const seen = new Set<string>();
  while (!completed) {
    n++;
    const store = origin.copy();
    const image = await openImage({ store, path: '', location: 'memory' });
    const controller = new AbortController();
    let dead = false;
    const deleteKey = store.delete.bind(store);
    store.delete = async (key) => {
      if (!dead) await deleteKey(key);
    };
    store.beforeSet = (count) => {
      if (dead || (fault !== 'abort' && count === n)) {
        dead = fault === 'crash';
        throw new AlibiError('Network', { what: 'broken', where: 'test', remedy: 'none' });
      }
      if (fault === 'abort' && count === n) controller.abort();
    };
    const outcome = await materialize(
      inputOf(store, image, { labels: newIds, overwrite, signal: controller.signal }),
    ).then(
      () => 'done' as const,
      (error: unknown) =>
        isAbort(error) ? 'aborted' : error instanceof AlibiError ? 'failed' : Promise.reject(error),
    );
    completed = store.sets < n;
    store.beforeSet = () => {};
    store.delete = deleteKey;
    const state = await stateOf(store);
    seen.add(JSON.stringify(state));
    expect([JSON.stringify(oldIds), '[9]'], `write ${n}: ${outcome}`).toContain(JSON.stringify(state));
    if (outcome === 'aborted') expect(state, `abort at write ${n}`).toEqual(oldIds);
    if (outcome === 'done') expect(state).toEqual([9]);
    const journal = await Journal.read(store, '/labels/phases');
    const unfinished = journal !== undefined && !journal.has('consolidated');
    if (outcome === 'aborted')
      expect([...store.values.keys()].sort(), `write ${n}`).toEqual([...origin.values.keys()].sort());
    // Whatever happened, a plain save says what is there to continue; continuing it, or starting anew, leaves one revision
    // and no journal, and nothing that was finished is made again.
    if (unfinished) {
      const again = materialize(inputOf(store, image, { labels: newIds }));
      await expect(again).rejects.toMatchObject({ tag: 'Conflict', data: { unfinished: {} } });
    }
    const made: string[] = [];
    const counted = counting(newIds, made);
    const resume = unfinished && n % 3 !== 0;
    await materialize(
      inputOf(store, image, { labels: counted, ...(resume ? { resume } : { overwrite: true }) }),
    );
    if (resume) {
      const finest = [...journal.finished.values()].filter(({ key }) => /rev-[^/]+\/0\//.test(key));
      const chunks = finest.reduce((sum, object) => sum + object.written + object.skipped, 0);
      expect(made.length, `made again after write ${n}`).toBe(9 - chunks);
    }
    expect(await stateOf(store)).toEqual([9]);
    const below = [...store.values.keys()].filter((key) => key.startsWith('/labels/phases/'));
    expect(new Set(below.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size, `write ${n}`).toBe(1);
    expect(below.filter((key) => key.includes('journal'))).toEqual([]);
  }
  expect(n).toBeGreaterThan(5);
  expect(seen).toContain('[9]');
  expect(seen).toContain(JSON.stringify(oldIds));
}

/** The same labels, noting which chunks were asked for. */
function counting<T extends LabelType>(labels: LazyArray<T>, made: string[]): LazyArray<T> {
  return {
    ...labels,
    revision: 0,
    getChunk: (index, options) => {
      made.push(index.join());
      return labels.getChunk(index, options);
    },
  };
}

/** The ids a reader finds who looks for what the image lists: every level whole, or no label. */
async function stateOf(store: MemoryStore): Promise<number[] | 'none'> {
  const image = await openImage({ store, path: '', location: 'memory' });
  if (!image.labels.some((label) => label.name === 'phases')) return 'none';
  const ids = [...(await idsOf(store, '', 'phases', 0)), ...(await idsOf(store, '', 'phases', 1))];
  return [...new Set(ids)];
}

function jsonBytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
