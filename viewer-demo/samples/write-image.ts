import type { Axis, WriteStore } from 'alibi-zarr';
import {
  createArrayWriter,
  groupEntries,
  imageAttributes,
  labelAttributes,
  labelsListing,
  type WritableVersion,
} from 'alibi-zarr/node';
import { halveByMean, halveByMode, type Plane } from './raster.ts';

/** Pixels of a sample: one plane for each position of the leading axis (`c` or `t`), or a single one. */
export type Planes = readonly Plane<Uint8Array>[] | readonly Plane<Uint16Array>[];

interface Common {
  readonly version: WritableVersion;
  readonly name: string;
  /** what comes before y and x; absent for a single plane */
  readonly leading?: Axis & { readonly scale: number };
  readonly pixelUm: number;
  readonly planes: Planes;
  /** the coarsest level is the first whose sides are at most this */
  readonly coarsestPx: number;
  readonly chunkPx: number;
  /** Zarr v3 only: chunks of one shard along y and x */
  readonly chunksPerShard?: number;
}

export interface ImageSample extends Common {
  /** one entry a channel */
  readonly channels: readonly {
    readonly label: string;
    readonly color: string;
    /** shown at first; default true */
    readonly active?: boolean;
    readonly window: readonly [number, number];
  }[];
}

export interface LabelSample extends Common {
  readonly classes: readonly { readonly id: number; readonly name: string; readonly color: string }[];
}

/** Write a multiscale image at `path`; the group's metadata last. */
export async function writeImage(store: WriteStore, path: string, image: ImageSample): Promise<void> {
  const datasets = await writeLevels(store, path, image, 'mean');
  const attributes = imageAttributes({
    version: image.version,
    name: image.name,
    axes: axesOf(image),
    datasets,
    downscaling: {
      type: 'mean',
      metadata: { description: 'Mean of 2×2 pixels, rounded.', method: 'alibi-zarr samples', version: '1' },
    },
  });
  const omero = {
    name: image.name,
    channels: image.channels.map(({ label, color, active = true, window: [start, end] }) => ({
      label,
      color,
      active,
      window: { start, end, min: 0, max: image.planes[0]?.data instanceof Uint8Array ? 255 : 65_535 },
    })),
    rdefs: { model: 'color' },
  };
  const { ome } = attributes;
  await writeGroup(
    store,
    path,
    image.version,
    image.version === '0.5'
      ? { ...attributes, ome: { ...(ome as object), omero } }
      : { ...attributes, omero },
  );
}

/** Write ground truth into the `labels` of an image that is written. */
export async function writeLabels(
  store: WriteStore,
  imagePath: string,
  labels: readonly LabelSample[],
): Promise<void> {
  for (const label of labels) {
    const path = `${imagePath}/labels/${label.name}`;
    const datasets = await writeLevels(store, path, label, 'mode');
    const { version, name, classes } = label;
    await writeGroup(
      store,
      path,
      version,
      labelAttributes({ version, name, axes: axesOf(label), datasets, classes, source: '../../' }),
    );
  }
  const [first] = labels;
  if (first) {
    await writeGroup(
      store,
      `${imagePath}/labels`,
      first.version,
      labelsListing(
        first.version,
        labels.map(({ name }) => name),
      ),
    );
  }
}

/** Write a group's metadata. */
export async function writeGroup(
  store: WriteStore,
  path: string,
  version: WritableVersion,
  attributes: Parameters<typeof groupEntries>[2],
): Promise<void> {
  for (const { key, bytes } of groupEntries(version, path, attributes)) await store.set(key, bytes);
}

function axesOf({ leading }: Common): Axis[] {
  const space = ['y', 'x'].map((name) => ({ name, type: 'space', unit: 'micrometer' }));
  if (!leading) return space;
  const { scale: _, ...axis } = leading;
  return [axis, ...space];
}

async function writeLevels(store: WriteStore, path: string, sample: Common, reduce: 'mean' | 'mode') {
  const datasets = [];
  const lead = sample.leading ? [sample.leading.scale] : [];
  let planes: Planes = sample.planes;
  for (let level = 0; ; level++) {
    await writeLevel(store, `${path}/${level}`, sample, planes);
    const factor = 2 ** level;
    const shift = ((factor - 1) / 2) * sample.pixelUm;
    const scale = sample.pixelUm * factor;
    datasets.push({
      path: String(level),
      transform: { scale: [...lead, scale, scale], translation: [...lead.map(() => 0), shift, shift] },
    });
    const { height = 0, width = 0 } = planes[0] ?? {};
    if (Math.max(height, width) <= sample.coarsestPx) return datasets;
    planes = halved(planes, reduce);
  }
}

function halved(planes: Planes, reduce: 'mean' | 'mode'): Planes {
  const halve = reduce === 'mean' ? halveByMean : halveByMode;
  return planes.map(
    (plane) =>
      plane.data instanceof Uint8Array
        ? halve({ ...plane, data: plane.data }, (n) => new Uint8Array(n))
        : halve({ ...plane, data: plane.data }, (n) => new Uint16Array(n)),
    // Every plane of a sample has the type of the first, which map cannot say.
  ) as Planes;
}

async function writeLevel(store: WriteStore, path: string, sample: Common, planes: Planes): Promise<void> {
  const [first] = planes;
  if (!first) throw new Error(`${path}: a sample without planes`);
  const lead = sample.leading ? [planes.length] : [];
  const one = lead.map(() => 1);
  const { height, width } = first;
  const chunk = Math.min(sample.chunkPx, height, width);
  const shard = Math.min(
    chunk * (sample.chunksPerShard ?? 1),
    chunk * Math.ceil(Math.max(height, width) / chunk),
  );
  const writer = createArrayWriter(store, path, {
    zarrFormat: sample.version === '0.5' ? 3 : 2,
    shape: [...lead, height, width],
    chunkShape: [...one, chunk, chunk],
    ...(sample.version === '0.5' && sample.chunksPerShard ? { shardShape: [...one, shard, shard] } : {}),
    dtype: first.data instanceof Uint8Array ? 'uint8' : 'uint16',
    dimensionNames: axesOf(sample).map(({ name }) => name),
    compression: 'zstd',
  });
  for (const [n, plane] of planes.entries()) {
    for (let row = 0; row * chunk < height; row++) {
      for (let col = 0; col * chunk < width; col++) {
        const part = cut(plane, row * chunk, col * chunk, chunk);
        await writer.writeChunk([...lead.map(() => n), row, col], {
          data: part.data,
          shape: [...one, part.height, part.width],
        });
      }
    }
  }
  await writer.finish();
}

function cut(
  plane: Plane<Uint8Array | Uint16Array>,
  top: number,
  left: number,
  size: number,
): Plane<Uint8Array | Uint16Array> {
  const height = Math.min(size, plane.height - top);
  const width = Math.min(size, plane.width - left);
  const data =
    plane.data instanceof Uint8Array ? new Uint8Array(height * width) : new Uint16Array(height * width);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * plane.width + left;
    data.set(plane.data.subarray(from, from + width), y * width);
  }
  return { data, height, width };
}
