import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomFaults } from '../../../test/server/random-faults.ts';
import { createTestServer, type Fault, type TestServer } from '../../../test/server/test-server.ts';
import { AlibiError } from '../../src/errors.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import type { WriteStore } from '../../src/stores/store.ts';
import { labelsOf, MemoryStore } from './image-fixture.ts';
import { idsOf, save, smallImage } from './save-to-server.ts';

/** Chunks and arrays' metadata of the one revision that is there, by path below it. */
async function revisionFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const key of createNodeStore(folder).list!('/labels/phases/')) {
    const inside = /rev-[^/]+\/(.+)$/.exec(key)?.[1];
    if (inside !== undefined) files.set(inside, (await readFile(join(folder, key))).toString('hex'));
  }
  return files;
}

/** Folder of the arrays that a label's metadata names. */
function revisionIn(metadata: Uint8Array): string | undefined {
  return /rev-[\w-]+/.exec(new TextDecoder().decode(metadata))?.[0];
}

describe('a save over a bad connection', () => {
  let folder = '';
  let server: TestServer;
  const serve = async (options: { readonly conditions?: boolean } = {}) => {
    server = await createTestServer({ root: folder, writable: true, ...options });
  };
  const open = (path: string, attempts = 30): WriteStore =>
    createHttpStore(`${server.url}/${path}`, { retry: { attempts, baseDelayMs: 1, maxDelayMs: 4 } });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-faults-'));
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const { zarrFormat, conditions, sharded, seed } of [
    { zarrFormat: 2, conditions: true, sharded: false, seed: 1 },
    { zarrFormat: 3, conditions: false, sharded: false, seed: 2 },
    { zarrFormat: 3, conditions: true, sharded: true, seed: 3 },
  ] as const) {
    it(`gives the same bits with 30 % of all requests spoilt: v${zarrFormat}${sharded ? ' sharded' : ''}, seed ${seed}`, async () => {
      await serve({ conditions });
      const image = await smallImage(zarrFormat);
      await save(image, createNodeStore(join(folder, 'clean.zarr')), { sharded });
      server.faults.push(...randomFaults(0.3, seed));
      const first = await save(image, open('bad.zarr'), { sharded });
      const second = await save(image, open('bad.zarr'), { sharded, overwrite: true });
      server.faults.length = 0;
      const spoilt = server.requests.filter(
        ({ status, aborted }) => status === 0 || status >= 429 || aborted,
      );
      expect(spoilt.length).toBeGreaterThan(server.requests.length / 10);
      for (const { validation, conflictCheck } of [first, second]) {
        expect(validation).toEqual({ valid: true });
        expect(conflictCheck).toBe(conditions ? 'excluded' : 'compared');
      }
      expect(await revisionFiles(join(folder, 'bad.zarr'))).toEqual(
        await revisionFiles(join(folder, 'clean.zarr')),
      );
    });
  }

  for (const conditions of [true, false]) {
    for (const replacing of [true, false]) {
      it(`notices that somebody else has changed the labels: ${conditions ? 'excluded' : 'compared'}, ${replacing ? 'replacing' : 'new'}`, async () => {
        await serve({ conditions });
        const image = await smallImage(3);
        const store = open('shared.zarr', 3);
        if (replacing) await save(image, store);
        const before =
          (await store.get('/labels/phases/zarr.json')) ?? new TextEncoder().encode('{"attributes":{}}');
        const array = await store.get(`/labels/phases/${revisionIn(before)}/0/zarr.json`);
        const theirs = new TextEncoder().encode(
          new TextDecoder()
            .decode(before)
            .replace('"attributes"', '"theirs": true, "attributes"')
            .replaceAll(/rev-[\w-]+/g, 'theirs'),
        );
        const theirArray = '/labels/phases/theirs/0/zarr.json';
        let changed = false;
        const labels = labelsOf(image, 'uint8', 16, () => 3);
        const getChunk: typeof labels.getChunk = async (index, options) => {
          if (!changed) {
            changed = true;
            await open('shared.zarr').set('/labels/phases/zarr.json', theirs);
            if (array !== undefined) await open('shared.zarr').set(theirArray, array);
          }
          return labels.getChunk(index, options);
        };
        const saving = save(image, store, {
          labels: { ...labels, revision: 0, getChunk },
          overwrite: replacing,
        });
        const refusal = {
          tag: 'Conflict',
          what: /somebody else/,
          remedy: /38 of 38 chunks are kept: .*--resume --overwrite/,
        };
        await expect(saving).rejects.toMatchObject(refusal);
        await expect(save(image, store, { labels, resume: true })).rejects.toMatchObject(refusal);
        expect(await store.get('/labels/phases/zarr.json')).toEqual(theirs);
        // Asked to, it takes the place of theirs, and nothing is made again.
        const made = {
          ...labels,
          revision: 0,
          getChunk: (): Promise<never> => Promise.reject(new Error('a chunk is made again')),
        };
        const result = await save(image, store, { labels: made, resume: true, overwrite: true });
        expect(result).toMatchObject({ resumed: 38, validation: { valid: true } });
        const local = createNodeStore(join(folder, 'shared.zarr'));
        const left = new Set<string>();
        for await (const key of local.list!('/labels/phases/')) left.add(key.split('/')[3]!);
        expect([...left].sort()).toEqual([expect.stringMatching(/^rev-/), 'zarr.json']);
      });
    }
  }

  /** Faults that end a save; each with what the user is told. */
  const ends: readonly {
    readonly title: string;
    readonly fault: Fault;
    readonly tag: string;
    readonly remedy: RegExp;
  }[] = [
    { title: '403', fault: { status: 403 }, tag: 'PermissionDenied', remedy: /credentials/ },
    { title: '401', fault: { status: 401 }, tag: 'PermissionDenied', remedy: /Sign in/ },
    { title: '412', fault: { status: 412 }, tag: 'Conflict', remedy: /Somebody else/ },
    { title: '507', fault: { status: 507 }, tag: 'Environment', remedy: /quota of the server is full/ },
    { title: '413', fault: { status: 413 }, tag: 'Environment', remedy: /client_max_body_size/ },
    { title: '503 that does not pass', fault: { status: 503 }, tag: 'Network', remedy: /try again later/ },
    { title: 'a lost connection', fault: { destroy: true }, tag: 'Network', remedy: /connection/ },
  ];
  for (const { title, fault, tag, remedy } of ends) {
    it(`says what is kept after ${title}, and goes on from there`, async () => {
      await serve();
      const image = await smallImage(3);
      const store = open('ends.zarr', 2);
      let puts = 0;
      server.faults.push({
        ...fault,
        method: 'PUT',
        match: ({ path }) => /\/c\/\d/.test(path) && ++puts > 9,
      });
      const error = await save(image, store).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(AlibiError);
      expect(error).toMatchObject({ tag, remedy });
      if (!(error instanceof AlibiError)) return;
      // 5 × 5 chunks of the finest level, 3 × 3 and 2 × 2 of the others.
      expect(error.remedy).toMatch(
        /There are no labels of that name yet; \d+ of 38 chunks are kept: .*--resume/,
      );
      expect(error.data).toMatchObject({ unfinished: { started: expect.any(String), total: 38 } });
      expect(await store.get('/labels/zarr.json')).toBeUndefined();
      server.faults.length = 0;
      await expect(save(image, store)).rejects.toMatchObject({ remedy: /--resume/ });
      const { resumed, validation } = await save(image, store, { resume: true });
      expect(resumed).toBeGreaterThanOrEqual(9);
      expect(validation).toEqual({ valid: true });
      const local = new MemoryStore();
      await save(image, local);
      expect(await idsOf(store, image)).toEqual(await idsOf(local, image));
    });
  }

  it('refuses to continue a save of other labels', async () => {
    await serve();
    const image: OmeImage = await smallImage(3);
    const store = open('other.zarr', 1);
    let puts = 0;
    server.faults.push({
      status: 403,
      method: 'PUT',
      match: ({ path }) => /\/c\/\d/.test(path) && ++puts > 9,
    });
    await expect(save(image, store)).rejects.toMatchObject({ tag: 'PermissionDenied' });
    server.faults.length = 0;
    const classes = [{ id: 1, name: 'another', color: '000000' }];
    await expect(save(image, store, { classes, resume: true })).rejects.toMatchObject({
      tag: 'Conflict',
      what: /of other labels/,
    });
    // Of the same work it would have gone on.
    const both = { classes, resume: true, overwrite: true };
    expect(await save(image, store, both)).toMatchObject({ resumed: 0, validation: { valid: true } });
  });
});
