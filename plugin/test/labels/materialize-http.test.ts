import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestServer, type TestServer } from '../../../test/server/test-server.ts';
import { readRegion } from '../../src/array/region.ts';
import { materialize } from '../../src/labels/materialize.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { blobs, labelsOf, writeImage } from './image-fixture.ts';

describe('materialize over HTTP PUT', () => {
  let folder = '';
  let server: TestServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-put-'));
    server = await createTestServer({ root: folder, writable: true });
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const zarrFormat of [2, 3] as const) {
    it(`saves into the image it was opened from, and replaces without being able to list: v${zarrFormat}`, async () => {
      await writeImage(createNodeStore(join(folder, 'a.zarr')), '', {
        zarrFormat,
        axes: 'yx',
        levels: [
          [40, 40],
          [20, 20],
        ],
      });
      const store = createHttpStore(`${server.url}/a.zarr`);
      const image = await openImage({ store, path: '', location: `${server.url}/a.zarr` });
      const input = {
        image,
        target: store,
        targetPath: '',
        name: 'phases',
        classes: [],
        provenance: {
          model: null,
          executionProvider: null,
          normalisation: null,
          fit: null,
          strokes: [],
          imageMetadataSha256: image.metadataHash,
        },
      } as const;
      await materialize({ ...input, labels: labelsOf(image, 'uint8', 16, () => 3) });
      const labels = labelsOf(image, 'uint8', 16, blobs);
      const { validation } = await materialize({ ...input, labels, overwrite: true });
      expect(validation).toEqual({ valid: true });
      const again = await openImage({
        store: createHttpStore(`${server.url}/a.zarr`),
        path: '',
        location: 'again',
      });
      const label = await openLabel(again, 'phases');
      const whole = { start: [0, 0], stop: [40, 40] };
      expect((await readRegion(label.pyramid[0]!, whole, {})).data).toEqual(
        (await readRegion(labels, whole, {})).data,
      );
      const left = new Set<string>();
      for await (const key of createNodeStore(folder).list!('/a.zarr/labels/phases/')) {
        left.add(key.split('/')[4]!);
      }
      expect([...left].filter((name) => name.startsWith('rev-'))).toHaveLength(1);
      expect([...left].some((name) => name.includes('journal'))).toBe(false);
    });
  }
});
