import { createHash } from 'node:crypto';
import { readRegion } from '../../src/array/region.ts';
import { type MaterializeInput, type MaterializeResult, materialize } from '../../src/labels/materialize.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import type { WriteStore } from '../../src/stores/store.ts';
import { blobs, labelsOf, MemoryStore, writeImage } from './image-fixture.ts';

/** A small image in memory, whose labels go elsewhere. */
export function smallImage(zarrFormat: 2 | 3): Promise<OmeImage> {
  return writeImage(new MemoryStore(), '', {
    zarrFormat,
    axes: 'yx',
    levels: [
      [80, 72],
      [40, 36],
      [20, 18],
    ],
  });
}

/** Save labels of an image to `target` as `labels/phases`. */
export function save(
  image: OmeImage,
  target: WriteStore,
  more: Partial<MaterializeInput> = {},
): Promise<MaterializeResult> {
  return materialize({
    labels: labelsOf(image, 'uint8', 16, blobs),
    image,
    target,
    targetPath: '',
    source: 'https://example.org/image.zarr',
    name: 'phases',
    classes: [{ id: 1, name: 'matrix', color: '3366cc' }],
    provenance: {
      model: null,
      executionProvider: null,
      normalisation: null,
      fit: null,
      strokes: [],
      imageMetadataSha256: image.metadataHash,
    },
    ...more,
  });
}

/** sha256 of the ids of every level of `labels/phases`, as somebody finds them who opens that group. */
export async function idsOf(store: WriteStore, image: OmeImage): Promise<string[]> {
  const opened = await openImage({ store: image.store, path: '', location: 'image' });
  const label = await openLabel({ ...opened, store, path: '' }, 'phases');
  return Promise.all(
    label.pyramid.map(async (level) => {
      const { data } = await readRegion(level, { start: level.shape.map(() => 0), stop: level.shape }, {});
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return createHash('sha256').update(bytes).digest('hex');
    }),
  );
}
