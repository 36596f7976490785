import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Nginx, nginxMissing, startNginx } from '../../../test/server/nginx.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { MemoryStore } from './image-fixture.ts';
import { idsOf, save, smallImage } from './save-to-server.ts';

const missing = nginxMissing();

describe.skipIf(missing !== undefined)(`labels on an nginx with WebDAV (skipped: ${missing})`, () => {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx();
  }, 90_000);
  afterAll(() => nginx?.close());

  for (const zarrFormat of [2, 3] as const) {
    it(`are saved, replaced and read: v${zarrFormat}`, async () => {
      const image = await smallImage(zarrFormat);
      const folder = `image-${zarrFormat}.zarr`;
      const store = createHttpStore(`${nginx.url}/${folder}`);
      const first = await save(image, store, { place: 'server' });
      // nginx pays no attention to conditions, so that a change is noticed by comparing.
      expect(first).toMatchObject({ validation: { valid: true }, conflictCheck: 'compared' });
      const again = await save(image, store, { place: 'server', overwrite: true });
      expect(again).toMatchObject({ validation: { valid: true }, conflictCheck: 'compared' });
      const local = new MemoryStore();
      await save(image, local);
      expect(await idsOf(store, image)).toEqual(await idsOf(local, image));
      const left = new Set<string>();
      for await (const key of createNodeStore(`${nginx.root}/${folder}`).list!('/labels/phases/'))
        left.add(key.split('/')[3]!);
      expect([...left].filter((name) => name.startsWith('rev-'))).toHaveLength(1);
      expect([...left].filter((name) => name.includes('journal'))).toEqual([]);
    });
  }
});
