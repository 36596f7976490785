import { type DataType, elementCount, type LazyArray } from '../../src/array/lazy-array.ts';
import { fromMemory } from '../../src/array/memory.ts';
import { materialize } from '../../src/labels/materialize.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { imageAttributes, jsonBytes, type LabelClass } from '../../src/ome/write.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';

export interface ObjectsImage {
  /** One letter an axis, as stored; `c` may be among them. */
  readonly axes: string;
  /** Of the pixels. */
  readonly shape: readonly number[];
  readonly dtype: 'uint8' | 'uint16' | 'float32';
  readonly pixels: ArrayLike<number>;
  /** Size of a pixel, an axis each. */
  readonly scale: readonly number[];
  readonly unit?: string;
  /** By name; C order of the axes without `c`. */
  readonly labels: Readonly<Record<string, LazyArrayData>>;
  readonly classes?: readonly LabelClass[];
}

interface LazyArrayData {
  readonly dtype: 'uint8' | 'uint16' | 'uint32' | 'uint64';
  readonly data: ArrayLike<number | bigint>;
}

/** Write an image of one level with label images into a folder. */
export async function writeObjectsImage(path: string, image: ObjectsImage): Promise<void> {
  const store = createNodeStore(path);
  const whole = memory(image.pixels, image.dtype, image.shape);
  const chunkShape = image.shape.map((size) => Math.min(size, 64));
  const writer = createArrayWriter(store, '/0', {
    zarrFormat: 3,
    shape: image.shape,
    chunkShape,
    dtype: image.dtype,
    compression: 'zstd',
  });
  const chunks = fromMemory(whole.data, {
    shape: image.shape,
    dtype: image.dtype,
    chunkShape,
    axes: axesOf(image),
  });
  const counts = image.shape.map((size, axis) => Math.ceil(size / chunkShape[axis]!));
  for (let n = 0; n < elementCount(counts); n++) {
    let rest = n;
    const index = counts.map((_, axis) => {
      const inner = elementCount(counts.slice(axis + 1));
      const at = Math.floor(rest / inner);
      rest -= at * inner;
      return at;
    });
    await writer.writeChunk(index, await chunks.getChunk(index, {}));
  }
  await writer.finish();
  const attributes = imageAttributes({
    version: '0.5',
    name: 'objects',
    axes: axesOf(image),
    datasets: [{ path: '0', transform: { scale: image.scale, translation: image.scale.map(() => 0) } }],
    downscaling: { type: 'none', metadata: {} },
  });
  await store.set('/zarr.json', jsonBytes({ zarr_format: 3, node_type: 'group', attributes }));
  for (const [name, labels] of Object.entries(image.labels)) await addLabels(path, name, labels, image);
}

async function addLabels(
  path: string,
  name: string,
  { dtype, data }: LazyArrayData,
  image: ObjectsImage,
): Promise<void> {
  const store = createNodeStore(path);
  const opened = await openImage({ store, path: '', location: path });
  const kept = opened.axes.map((axis, i) => ({ axis, i })).filter(({ axis }) => axis.name !== 'c');
  const shape = kept.map(({ i }) => image.shape[i]!);
  const { data: ids } = memory(data, dtype, shape);
  await materialize({
    labels: fromMemory(ids, {
      shape,
      dtype,
      chunkShape: shape.map((size) => Math.min(size, 32)),
      axes: kept.map(({ axis }) => axis),
    }),
    image: opened,
    target: store,
    targetPath: '',
    name,
    classes: image.classes ?? [],
    provenance: {
      model: null,
      executionProvider: null,
      normalisation: null,
      fit: null,
      strokes: [],
      imageMetadataSha256: opened.metadataHash,
    },
  });
}

function axesOf({ axes, unit }: ObjectsImage) {
  return [...axes].map((name) => {
    if (name === 'c') return { name, type: 'channel' };
    if (name === 't') return { name, type: 'time', unit: 'second' };
    return { name, type: 'space', ...(unit === undefined ? {} : { unit }) };
  });
}

const constructors = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  float32: Float32Array,
} as const;

function memory<T extends DataType>(values: ArrayLike<number | bigint>, dtype: T, shape: readonly number[]) {
  if (values.length !== elementCount(shape))
    throw new Error(`${values.length} values for ${shape.join(' × ')}`);
  const data =
    dtype === 'uint64'
      ? BigUint64Array.from(Array.from(values, BigInt))
      : constructors[dtype as keyof typeof constructors].from(Array.from(values, Number));
  return { data: data as Awaited<ReturnType<LazyArray<T>['getChunk']>>['data'] };
}
