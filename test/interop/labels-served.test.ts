import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../plugin/src/array/region.ts';
import { type StoreServer, serveStore } from '../../plugin/src/node/server.ts';
import { asZarrStore } from '../../plugin/src/views/zarr/as-zarr-store.ts';
import { blobs, labelsOf, MemoryStore, writeImage } from '../../plugin/test/labels/image-fixture.ts';
import { hasPython, startPython } from './python.ts';

const cases = [
  { zarrFormat: 2, axes: 'yx', levels: [[37, 51]], dtype: 'uint16' },
  { zarrFormat: 3, axes: 'zyx', levels: [[3, 20, 33]], dtype: 'uint32' },
] as const;

describe.skipIf(!hasPython())('lazy labels over HTTP (skipped without .venv, see requirements.txt)', () => {
  const servers: StoreServer[] = [];
  const expected: string[] = [];
  let answers: unknown;

  beforeAll(async () => {
    const urls = [];
    for (const spec of cases) {
      const image = await writeImage(new MemoryStore(), '', spec);
      const labels = labelsOf(image, spec.dtype, 16, blobs);
      const store = asZarrStore({
        image,
        layers: [{ kind: 'labels', name: 'l', levels: [labels], classes: [] }],
      });
      const server = await serveStore(store, { mount: 'image.zarr' });
      servers.push(server);
      urls.push({ url: `${server.url}/labels/l/0`, zarr_format: spec.zarrFormat });
      const { data } = await readRegion(labels, { start: labels.shape.map(() => 0), stop: labels.shape }, {});
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      expected.push(createHash('sha256').update(bytes).digest('hex'));
    }
    answers = await startPython('read_labels.py', { items: [], urls });
  }, 120_000);

  afterAll(() => Promise.all(servers.map((server) => server.close())));

  it('are to tensorstore what they are to us', () => {
    expect(answers).toEqual({ items: [], urls: expected });
  });
});
