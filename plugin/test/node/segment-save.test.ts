import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseSegmentOutput, type SegmentOutput } from 'alibi-zarr-schemas';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestServer, type TestServer } from '../../../test/server/test-server.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { writeImage } from '../labels/image-fixture.ts';
import { mountSmallDisk, unmountDisk } from '../labels/small-disk.ts';
import { call, type Outcome, writeTinyCheckpoint } from './call.ts';

const run = promisify(execFile);

describe('segment saves', () => {
  let folder = '';
  let manifest = '';
  let image = '';
  let server: TestServer | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-segment-save-'));
    manifest = await writeTinyCheckpoint(join(folder, 'tiny'));
    image = join(folder, 'image.zarr');
    const levels = [
      [3, 64, 72],
      [3, 32, 36],
    ];
    const store = createNodeStore(image);
    await writeImage(store, '', { zarrFormat: 2, axes: 'zyx', levels });
    // Two textures, left and right.
    for (const [n, shape] of levels.entries()) {
      const writer = createArrayWriter(store, `/${n}`, {
        zarrFormat: 2,
        shape,
        chunkShape: shape,
        dtype: 'uint8',
        compression: 'zstd',
      });
      const width = shape[2]!;
      const data = Uint8Array.from({ length: shape[0]! * shape[1]! * width }, (_, i) => {
        const x = i % width;
        return (x < width / 2 ? 40 : 200) + ((7 * x + 13 * Math.floor(i / width)) % 11);
      });
      await writer.writeChunk([0, 0, 0], { data, shape });
      await writer.finish();
    }
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const segment = (...flags: string[]): Promise<Outcome> =>
    call(['segment', image, '--kmeans', '2', '--name', 'a', '--model', manifest, '--json', ...flags]);
  const output = (outcome: Outcome): SegmentOutput => {
    expect(outcome.err).toEqual([]);
    const parsed = parseSegmentOutput(outcome.json());
    if (!parsed.ok) throw new Error(JSON.stringify(parsed));
    return parsed.value;
  };
  const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));
  const finest = async (out: string, file: string) => {
    const [revision] = (await readdir(join(out, 'labels/a'))).filter((name) => name.startsWith('rev-'));
    return json(join(out, 'labels/a', revision!, '0', file));
  };

  for (const codec of ['blosc', 'zstd', 'none'] as const) {
    it(`with --codec ${codec}, in both versions, sharded or not`, async () => {
      const v4 = join(folder, `v4-${codec}.zarr`);
      const first = output(await segment('--out', v4, '--codec', codec, '--version', '0.4'));
      expect(first).toMatchObject({ version: '0.4', codec, shards: null, validation: { valid: true } });
      const id = codec === 'none' ? null : { id: codec };
      expect(await finest(v4, '.zarray')).toMatchObject({
        compressor: id === null ? null : id,
        dtype: '|u1',
      });
      const v5 = join(folder, `v5-${codec}.zarr`);
      const second = output(await segment('--out', v5, '--codec', codec, '--version', '0.5', '--sharded'));
      expect(second).toMatchObject({
        version: '0.5',
        codec,
        shards: [1, 64, 72],
        validation: { valid: true },
      });
      const names = codec === 'none' ? ['bytes'] : ['bytes', codec];
      expect(await finest(v5, 'zarr.json')).toMatchObject({
        codecs: [{ name: 'sharding_indexed', configuration: { codecs: names.map((name) => ({ name })) } }],
      });
    });
  }

  it('goes on with --resume after a failure, and a plain run says that there is something to go on with', async () => {
    server = await createTestServer({ root: folder, writable: true });
    const out = `${server.url}/put.zarr`;
    let puts = 0;
    server.faults.push({
      status: 403,
      method: 'PUT',
      match: ({ path }) => /rev-[^/]+\/0\/\d/.test(path) && ++puts > 2,
    });
    const failed = await segment('--out', out);
    expect(failed).toMatchObject({ code: 2, out: [] });
    expect(failed.err).toEqual([expect.stringMatching(/403 to PUT.*[12] of 6 chunks are kept: .*--resume/)]);
    server.faults.length = 0;
    const plain = await segment('--out', out);
    expect(plain).toMatchObject({ code: 2, out: [] });
    expect(plain.err).toEqual([
      expect.stringMatching(/an interrupted save .*[12] of 6 chunks done.*--resume/),
    ]);
    const resumed = output(await segment('--out', out, '--resume'));
    expect(resumed).toMatchObject({
      location: `${out}/labels/a`,
      conflictCheck: 'excluded',
      validation: { valid: true },
    });
    expect(resumed.resumed).toBeGreaterThanOrEqual(1);
    expect(await json(join(folder, 'put.zarr/labels/.zattrs'))).toMatchObject({ labels: ['a'] });
    const again = await segment('--out', out);
    expect(again.err).toEqual([expect.stringMatching(/is there already.*--overwrite/)]);
  });

  it('says with --resume that there was nothing to go on with, and saves', async () => {
    const outcome = await segment('--out', join(folder, 'nothing.zarr'), '--resume');
    expect(outcome).toMatchObject({ code: 0, err: [expect.stringContaining('no interrupted save')] });
  });

  describe('an .ozx', () => {
    const ozx = () => join(folder, 'labels.ozx');

    it('with the label image as its root', async () => {
      const saved = output(await segment('--out', ozx()));
      expect(saved).toMatchObject({
        location: ozx(),
        version: '0.5',
        objects: 1,
        validation: { valid: true },
      });
      expect((await readFile(ozx())).length).toBe(saved.bytes);
      expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
      const info = await call(['info', ozx(), '--json']);
      expect(info.json()).toMatchObject({ kind: 'image', version: '0.5' });
      expect((await call(['validate', ozx()])).json()).toEqual({ valid: true });
    });

    it('is there already: asked for, replaced in one step', async () => {
      const before = await readFile(ozx());
      const refused = await segment('--out', ozx());
      expect(refused).toMatchObject({ code: 2, err: [expect.stringContaining('--overwrite')] });
      expect(await readFile(ozx())).toEqual(before);
      output(await segment('--out', ozx(), '--overwrite', '--codec', 'none'));
      expect(await readFile(ozx())).not.toEqual(before);
    });

    it('holds 0.5 only, and goes to a disk', async () => {
      expect((await segment('--out', join(folder, 'x.ozx'), '--version', '0.4')).err[0]).toMatch(/0\.5/);
      expect((await segment('--out', 'http://127.0.0.1:1/x.ozx')).err[0]).toMatch(/upload/);
    });

    it('is what Python takes for a ZIP file: stored, ZIP64, metadata first, the comment of RFC-9', async ({
      skip,
    }) => {
      if (!existsSync('/usr/bin/python3') && process.env.PATH === undefined) skip('needs python3');
      const script = `
import json, sys, struct, zipfile
path = sys.argv[1]
z = zipfile.ZipFile(path)
raw = open(path, 'rb').read()
infos = z.infolist()
json.dump({
  'bad': z.testzip(),
  'names': [i.filename for i in infos],
  'offsets': [i.header_offset for i in infos],
  'stored': all(i.compress_type == 0 and i.flag_bits & 8 == 0 for i in infos),
  'needs': min(i.extract_version for i in infos),
  'zip64': b'PK\\x06\\x06' in raw and b'PK\\x06\\x07' in raw,
  'comment': json.loads(z.comment),
  'root': json.loads(z.read('zarr.json')),
}, sys.stdout)`;
      const { stdout } = await run('python3', ['-c', script, ozx()]);
      const found = JSON.parse(stdout);
      expect(found).toMatchObject({
        bad: null,
        stored: true,
        needs: 45,
        zip64: true,
        comment: { ome: { version: '0.5', zipFile: { centralDirectory: { jsonFirst: true } } } },
        root: {
          attributes: { ome: { version: '0.5', 'image-label': { source: { image: `file://${image}` } } } },
        },
      });
      const names: string[] = found.names;
      const revision = names[1]!.split('/')[0];
      expect(names.slice(0, 4)).toEqual([
        'zarr.json',
        `${revision}/zarr.json`,
        `${revision}/0/zarr.json`,
        `${revision}/1/zarr.json`,
      ]);
      expect(names.slice(4).every((name) => !name.endsWith('zarr.json'))).toBe(true);
      expect(found.offsets).toEqual([...found.offsets].sort((a: number, b: number) => a - b));
    });

    it('says that the disk is full, and goes on once there is room', async ({ skip }) => {
      const disk = join(folder, 'disk');
      await mkdir(disk);
      if (!mountSmallDisk(disk, 112)) skip('mounting a small disk takes root');
      try {
        const out = join(disk, 'x.ozx');
        const save = (...flags: string[]) => segment('--out', out, '--codec', 'none', ...flags);
        // 17,280 ids as they are, twice: as a folder (whose files take whole pages), then packed. Others have what is left.
        await writeFile(join(disk, 'others'), new Uint8Array(28_000));
        const full = await save();
        expect(full).toMatchObject({ code: 2, out: [] });
        expect(full.err).toEqual([
          expect.stringMatching(/the archive cannot be written: ENOSPC.*x\.ozx.*room.*is kept: .*--resume/),
        ]);
        expect(existsSync(out)).toBe(false);
        await rm(join(disk, 'others'));
        expect(output(await save('--resume'))).toMatchObject({ resumed: 6, validation: { valid: true } });
        expect(await readdir(disk)).toEqual(['x.ozx']);
      } finally {
        unmountDisk(disk);
      }
    });

    it('goes on where a save was interrupted', async () => {
      const out = join(folder, 'resumed.ozx');
      const controller = new AbortController();
      const argv = ['segment', image, '--kmeans', '2', '--name', 'a', '--model', manifest, '--out', out];
      // Stopped while the file is packed: everything is in the folder beside it.
      const { main } = await import('../../src/node/cli.ts');
      const err: string[] = [];
      const code = await main(argv, {
        out: () => expect.fail('a result was printed'),
        err: (line) => err.push(line),
        status: (text) => (text.startsWith('Packing') ? controller.abort() : undefined),
        signal: controller.signal,
      });
      expect([code, err]).toEqual([130, [expect.stringContaining('6 of 6 chunks are kept')]]);
      expect(existsSync(out)).toBe(false);
      expect((await segment('--out', out)).err).toEqual([expect.stringContaining('--resume')]);
      const saved = output(await segment('--out', out, '--resume'));
      expect(saved).toMatchObject({ resumed: 6, validation: { valid: true } });
      expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    });
  });

  it('signs with a module, which sees each request and no more', async () => {
    server = await createTestServer({ root: folder, writable: true });
    const signer = join(folder, 'signer.mjs');
    await writeFile(
      signer,
      `export const sign = ({ method, url }) => ({ headers: { authorization: 'Test ' + method + ' ' + new URL(url).pathname } });`,
    );
    output(await segment('--out', `${server.url}/signed.zarr`, '--signer', signer));
    expect(server.requests.length).toBeGreaterThan(10);
    for (const { method, path, headers } of server.requests)
      expect(headers.authorization).toBe(`Test ${method} ${path}`);
    await writeFile(join(folder, 'no.mjs'), 'export const other = 1;');
    expect((await segment('--signer', join(folder, 'no.mjs'))).err[0]).toMatch(/exports no function sign/);
    expect((await segment('--signer', join(folder, 'absent.mjs'))).err[0]).toMatch(/cannot be loaded/);
  });

  it.each([
    [['--codec', 'gzip'], /--codec is "gzip".*blosc or zstd or none/],
    [['--version', '0.3'], /--version is "0.3".*0.4 or 0.5/],
    [['--sharded', '--version', '0.4'], /0.5 alone/],
    [['--sharded'], /OME-Zarr 0.4 has no shards/],
    [['--version', '0.5'], /target is a Zarr v2 group/],
  ])('refuses %j', async (flags, message) => {
    const outcome = await segment(...flags);
    expect(outcome).toMatchObject({ code: 2, out: [] });
    expect(outcome.err[0]).toMatch(message);
  });
});
