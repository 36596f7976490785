import type { DataType, LabelType, LazyArray } from '../../array/lazy-array.ts';
import { transposed } from '../../array/transposed.ts';
import { AlibiError } from '../../errors.ts';
import type { OmeChannel, OmeImage } from '../../ome/ome-image.ts';
import {
  type ImageSpec,
  imageAttributes,
  type LabelClass,
  labelAttributes,
  labelsListing,
} from '../../ome/write.ts';
import type { ByteRange, ReadStore, StoreOptions } from '../../stores/store.ts';
import { arrayDocument, chunkBytes, parseChunkKey, storedOrder } from './array-node.ts';

/** Ids as a label image of the image: `labels/NAME`. */
export interface LabelsLayer {
  readonly kind: 'labels';
  readonly name: string;
  /** Finest first, canonical (t?, z?, y, x). */
  readonly levels: readonly LazyArray<LabelType>[];
  readonly classes: readonly LabelClass[];
}

/** Anything with values to look at, such as PCA colours, as an image of its own: `alibi-zarr/NAME`. */
export interface ImageLayer {
  readonly kind: 'image';
  readonly name: string;
  /** Finest first, canonical (t?, z?, y, x, c?). */
  readonly levels: readonly LazyArray[];
  readonly channels: readonly Pick<OmeChannel, 'label' | 'color' | 'active' | 'window'>[];
}

export type ZarrLayer = LabelsLayer | ImageLayer;

/** Where layers that are images lie below the image's group. */
export const imageLayersPath = 'alibi-zarr';

/** Path of a layer's group below the image's. */
export function layerPath(layer: Pick<ZarrLayer, 'kind' | 'name'>): string {
  return `${layer.kind === 'labels' ? 'labels' : imageLayersPath}/${layer.name}`;
}

/**
 * The image's own store with lazy layers inside it as further OME-Zarr groups, in the image's Zarr
 * version (0.4 in Zarr v2, 0.5 in Zarr v3). The store's root is the image's group. Chunks of layers are
 * computed when they are asked for and served as plain bytes; everything else is passed through, signals
 * and byte ranges included. A layer hides a stored group of its name.
 */
export function asZarrStore({
  image,
  layers,
}: {
  readonly image: OmeImage;
  readonly layers: readonly ZarrLayer[];
}): ReadStore {
  const duplicate = layers.find((layer, i) =>
    layers.some((other, j) => j < i && layerPath(other) === layerPath(layer)),
  );
  if (duplicate !== undefined) {
    throw new AlibiError('InvalidInput', {
      what: `two layers are called "${duplicate.name}"`,
      where: 'layers',
      remedy: 'Give every layer a name of its own.',
    });
  }
  return new LayeredStore(image, layers);
}

class LayeredStore implements ReadStore {
  readonly #image: OmeImage;
  readonly #format: 2 | 3;
  /** Metadata files of layers, by key. */
  readonly #files = new Map<string, Uint8Array>();
  readonly #arrays = new Map<string, LazyArray>();
  /** `/labels/x/`: below these nothing is passed through. */
  readonly #prefixes: readonly string[];
  readonly #labelNames: readonly string[];

  constructor(image: OmeImage, layers: readonly ZarrLayer[]) {
    this.#image = image;
    this.#format = image.zarrFormat;
    this.#prefixes = layers.map((layer) => `/${layerPath(layer)}/`);
    this.#labelNames = layers.filter((layer) => layer.kind === 'labels').map((layer) => layer.name);
    if (layers.some((layer) => layer.kind === 'image')) this.#addGroup(`/${imageLayersPath}`, {});
    for (const layer of layers) this.#addLayer(layer);
  }

  async get(key: `/${string}`, options: StoreOptions = {}): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted();
    const file = this.#files.get(key);
    if (file !== undefined) return file;
    const own = this.#arrayOf(key);
    if (own !== undefined) {
      const index = parseChunkKey(own.array, own.rest, this.#format);
      return index && chunkBytes(own.array, index, options);
    }
    if (this.#prefixes.some((prefix) => key.startsWith(prefix))) return undefined;
    // What is consolidated knows nothing of the layers; without it readers look for themselves.
    if (key === '/.zmetadata' || key === '/labels/.zmetadata') return undefined;
    if (key === '/zarr.json') return this.#unconsolidated(key, options);
    if (this.#labelNames.length > 0 && key.startsWith('/labels/')) {
      const listing = await this.#listing(key, options);
      if (listing !== undefined) return listing;
    }
    return this.#image.store.get(this.#stored(key), options);
  }

  async getRange(
    key: `/${string}`,
    range: ByteRange,
    options: StoreOptions = {},
  ): Promise<Uint8Array | undefined> {
    const { store } = this.#image;
    if (store.getRange !== undefined && !this.#isOurs(key))
      return store.getRange(this.#stored(key), range, options);
    const bytes = await this.get(key, options);
    if (bytes === undefined) return undefined;
    if ('suffixLength' in range) return bytes.slice(Math.max(0, bytes.length - range.suffixLength));
    return bytes.slice(range.offset, range.offset + range.length);
  }

  #isOurs(key: string): boolean {
    if (this.#files.has(key) || this.#prefixes.some((prefix) => key.startsWith(prefix))) return true;
    return ['/zarr.json', '/.zmetadata'].includes(key) || /^\/labels\/(zarr\.json|\.z[a-z]+)$/.test(key);
  }

  #stored(key: `/${string}`): `/${string}` {
    const path = this.#image.path.replace(/^\/+|\/+$/g, '');
    return path === '' ? key : `/${path}${key}`;
  }

  #arrayOf(key: string): { readonly array: LazyArray; readonly rest: string } | undefined {
    for (const [path, array] of this.#arrays) {
      if (key.startsWith(`${path}/`)) return { array, rest: key.slice(path.length + 1) };
    }
    return undefined;
  }

  #addLayer(layer: ZarrLayer): void {
    const path = `/${layerPath(layer)}`;
    const imageAxes = this.#image.axes.map((axis) => axis.name);
    const arrays = layer.levels.map((level: LazyArray<DataType>) =>
      transposed(level, storedOrder(level, imageAxes)),
    );
    const finest = arrays[0];
    if (finest === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `the layer "${layer.name}" has no level`,
        where: 'layers',
        remedy: 'Give at least one.',
      });
    }
    const common = {
      version: this.#format === 2 ? ('0.4' as const) : ('0.5' as const),
      name: layer.name,
      axes: finest.axes.map((axis) => this.#image.axes.find(({ name }) => name === axis.name) ?? axis),
      datasets: arrays.map((array, n) => ({ path: String(n), transform: array.transform })),
    };
    this.#addGroup(
      path,
      layer.kind === 'labels'
        ? labelAttributes({ ...common, classes: layer.classes, source: '../../' })
        : imageLayerAttributes(common, layer),
    );
    arrays.forEach((array, n) => {
      this.#arrays.set(`${path}/${n}`, array);
      const file = this.#format === 2 ? '.zarray' : 'zarr.json';
      this.#files.set(`${path}/${n}/${file}`, json(arrayDocument(array, this.#format)));
    });
  }

  #addGroup(path: string, attributes: Readonly<Record<string, unknown>>): void {
    if (this.#format === 3) {
      this.#files.set(`${path}/zarr.json`, json({ zarr_format: 3, node_type: 'group', attributes }));
      return;
    }
    this.#files.set(`${path}/.zgroup`, json({ zarr_format: 2 }));
    this.#files.set(`${path}/.zattrs`, json(attributes));
  }

  /** The image's own listing of labels with the layers' names added. */
  async #listing(key: `/${string}`, options: StoreOptions): Promise<Uint8Array | undefined> {
    const file = this.#format === 3 ? '/labels/zarr.json' : '/labels/.zattrs';
    if (this.#format === 2 && key === '/labels/.zgroup') return json({ zarr_format: 2 });
    if (key !== file) return undefined;
    const document = parseObject(await this.#image.store.get(this.#stored(key), options));
    const attributes = this.#format === 3 ? objectOf(document.attributes) : document;
    const names = [...this.#image.labels.map((label) => label.name), ...this.#labelNames];
    const merged = labelsListing(this.#format === 3 ? '0.5' : '0.4', names, attributes);
    return json(this.#format === 3 ? { zarr_format: 3, node_type: 'group', attributes: merged } : merged);
  }

  async #unconsolidated(key: `/${string}`, options: StoreOptions): Promise<Uint8Array | undefined> {
    const bytes = await this.#image.store.get(this.#stored(key), options);
    if (bytes === undefined) return undefined;
    const { consolidated_metadata: consolidated, ...document } = parseObject(bytes);
    return consolidated === undefined ? bytes : json(document);
  }
}

function imageLayerAttributes(
  common: Omit<ImageSpec, 'downscaling'>,
  layer: ImageLayer,
): Readonly<Record<string, unknown>> {
  const attributes = imageAttributes({
    ...common,
    downscaling: {
      type: 'features',
      metadata: { description: 'Computed on each level of the image on its own.', method: 'alibi-zarr' },
    },
  });
  const omero = {
    channels: layer.channels.map(({ label, color, active, window }) => ({ label, color, active, window })),
  };
  if (common.version === '0.4') return { ...attributes, omero };
  return { ...attributes, ome: { ...objectOf(attributes.ome), omero } };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function parseObject(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  return bytes === undefined ? {} : objectOf(JSON.parse(new TextDecoder().decode(bytes)));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
