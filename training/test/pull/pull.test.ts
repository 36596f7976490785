import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PullOptions, pull } from '../../src/pull/pull.ts';
import { COMMIT, type Hub, openHub, sha256Of } from './hub-server.ts';

const AUTHORS = 'alibi_dv2_vits14_reg4';
const WEIGHTS = 'rmdocherty/dino-saw/alibi_dv2_vits14_reg4.pth';
const BACKBONE = 'facebook/dinov2-with-registers-small';
/** 300 KB that are no one byte repeated, so that a piece in the wrong place shows. */
const content = Buffer.from(Uint32Array.from({ length: 75_000 }, (_, i) => Math.imul(i, 2654435761)).buffer);

describe('pull', () => {
  let hub: Hub;
  let cache = '';
  const notices: string[] = [];
  const options = (more: Partial<PullOptions> = {}): PullOptions => ({
    endpoint: hub.endpoint,
    revision: 'main',
    out: undefined,
    cache,
    signal: new AbortController().signal,
    retry: { attempts: 4, delayMs: 5 },
    onNotice: (text) => notices.push(text),
    ...more,
  });
  const path = (): string => join(cache, WEIGHTS);
  const gets = (): readonly (string | undefined)[] =>
    hub.hits
      .filter(({ server, method }) => server === 'storage' && method === 'GET')
      .map(({ range }) => range);

  beforeEach(async () => {
    hub = await openHub();
    cache = await mkdtemp(join(tmpdir(), 'alibi-pull-'));
    hub.files.set(WEIGHTS, content);
    hub.files.set(`${BACKBONE}/config.json`, Buffer.from('{"hidden_size": 384}\n'));
    hub.files.set(`${BACKBONE}/model.safetensors`, content);
    notices.length = 0;
  });
  afterEach(async () => {
    await hub.close();
    await rm(cache, { recursive: true });
  });

  it('fetches through the redirect, checks the hash the hub gives, and leaves nothing half done', async () => {
    const progress: number[] = [];
    const onProgress = (_: string, done: number, total: number | undefined): void => {
      expect(total).toBe(content.length);
      progress.push(done);
    };
    const { files, known } = await pull(AUTHORS, options({ onProgress }));
    expect(known?.name).toBe(AUTHORS);
    expect(files).toEqual([
      {
        name: 'alibi_dv2_vits14_reg4.pth',
        path: path(),
        url: `${hub.endpoint}/rmdocherty/dino-saw/resolve/main/alibi_dv2_vits14_reg4.pth`,
        bytes: 300_000,
        sha256: sha256Of(content),
        commit: COMMIT,
        from: 'network',
        checked: 'sha256',
        resumedAt: 0,
      },
    ]);
    expect((await readFile(path())).equals(content)).toBe(true);
    expect(progress.at(-1)).toBe(300_000);
    expect((await readdir(join(cache, 'rmdocherty/dino-saw'))).sort()).toEqual([
      '.alibi_dv2_vits14_reg4.pth.pull.json',
      'alibi_dv2_vits14_reg4.pth',
    ]);
    // A signed address may hold for GET alone: HEAD stays with the hub.
    expect(hub.hits.map(({ server, method }) => `${server} ${method}`)).toEqual([
      'hub HEAD',
      'hub GET',
      'storage GET',
    ]);
  });

  it('fetches all files of a backbone, the small one checked by git’s id', async () => {
    const { files } = await pull(BACKBONE, options());
    expect(files.map(({ name, checked }) => [name, checked])).toEqual([
      ['config.json', 'git-sha1'],
      ['model.safetensors', 'sha256'],
    ]);
    expect(await readFile(join(cache, BACKBONE, 'config.json'), 'utf8')).toContain('384');
  });

  it('finds what is there, checks it again, and replaces it where it is damaged or asked to', async () => {
    await pull(AUTHORS, options());
    hub.hits.length = 0;
    const again = await pull(AUTHORS, options());
    expect(again.files[0]).toMatchObject({ from: 'cache', checked: 'sha256' });
    expect(hub.hits.map(({ method }) => method)).toEqual(['HEAD']);
    await writeFile(path(), content.subarray(1));
    expect((await pull(AUTHORS, options())).files[0]).toMatchObject({ from: 'network' });
    expect(notices.join()).toContain('fetching it again');
    expect((await readFile(path())).equals(content)).toBe(true);
    expect((await pull(AUTHORS, options({ force: true }))).files[0]).toMatchObject({ from: 'network' });
  });

  it('goes on where connections were cut, within one call and in the next', async () => {
    hub.behaviour.cuts = [100_000, 50_000];
    await pull(AUTHORS, options());
    expect(gets()).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
    expect((await readFile(path())).equals(content)).toBe(true);
    await rm(path());
    hub.hits.length = 0;
    // Nothing gained in four attempts after the first: given up, and kept.
    hub.behaviour.cuts = [100_000, 0, 0, 0, 0, 0, 0];
    await expect(pull(AUTHORS, options())).rejects.toMatchObject({ tag: 'Network' });
    hub.behaviour.cuts = [];
    hub.hits.length = 0;
    const { files } = await pull(AUTHORS, options());
    expect(files[0]).toMatchObject({ from: 'network', resumedAt: 100_000, checked: 'sha256' });
    expect(gets()).toEqual(['bytes=100000-']);
    expect((await readFile(path())).equals(content)).toBe(true);
  });

  it('starts anew where the server ignores ranges', async () => {
    hub.behaviour.cuts = [100_000];
    hub.behaviour.ignoresRange = true;
    await pull(AUTHORS, options());
    expect(gets()).toEqual([undefined, 'bytes=100000-']);
    expect((await readFile(path())).equals(content)).toBe(true);
  });

  it('does not join two contents: another hash, or another ETag of a plain server, starts anew', async () => {
    const changed = Buffer.from(content.map((value) => value ^ 1));
    for (const plain of [false, true]) {
      hub.behaviour.plain = plain;
      hub.files.set(WEIGHTS, content);
      hub.behaviour.cuts = [100_000, 0, 0, 0, 0];
      await expect(pull(AUTHORS, options({ force: true }))).rejects.toMatchObject({ tag: 'Network' });
      hub.behaviour.cuts = [];
      hub.files.set(WEIGHTS, changed);
      hub.hits.length = 0;
      const { files } = await pull(AUTHORS, options({ force: true }));
      expect(gets()).toEqual([undefined]);
      expect(files[0]).toMatchObject({ resumedAt: 0, checked: plain ? 'nothing' : 'sha256' });
      expect((await readFile(path())).equals(changed)).toBe(true);
      await rm(path());
    }
  });

  it('asks a plain server for the rest of the same content only (If-Range)', async () => {
    hub.behaviour.plain = true;
    hub.behaviour.cuts = [100_000];
    const { files } = await pull(`${hub.endpoint}/a/b/resolve/main/c.pth`, options()).catch(() => ({
      files: [],
    }));
    expect(files).toEqual([]);
    await pull(`${hub.endpoint}/rmdocherty/dino-saw/blob/main/alibi_dv2_vits14_reg4.pth`, options());
    const rest = hub.hits.find(({ range }) => range !== undefined);
    expect(rest).toMatchObject({
      range: 'bytes=100000-',
      ifRange: expect.stringMatching(/^"[0-9a-f]{32}"$/),
    });
  });

  it('fetches all again where what an earlier call left does not fit, and refuses what never fits', async () => {
    hub.behaviour.cuts = [100_000, 0, 0, 0, 0];
    await expect(pull(AUTHORS, options())).rejects.toMatchObject({ tag: 'Network' });
    hub.behaviour.cuts = [];
    const damaged = await readFile(`${path()}.part`);
    damaged[5] = (damaged[5] ?? 0) ^ 1;
    await writeFile(`${path()}.part`, damaged);
    expect((await pull(AUTHORS, options())).files[0]).toMatchObject({ resumedAt: 0, checked: 'sha256' });
    expect(notices.join()).toContain('does not fit');
    await rm(path());
    hub.behaviour.claimedSha256 = 'ab'.repeat(32);
    await expect(pull(AUTHORS, options())).rejects.toMatchObject({
      tag: 'Integrity',
      message: expect.stringContaining(
        `SHA-256 ${sha256Of(content)}, not ${'ab'.repeat(32)}; it was removed`,
      ),
    });
    expect(
      (await readdir(join(cache, 'rmdocherty/dino-saw'))).filter((name) => name.includes('part')),
    ).toEqual([]);
  });

  it('compares with --sha256 where the server does not say, and says where it says otherwise', async () => {
    hub.behaviour.plain = true;
    const sha256 = sha256Of(content);
    expect((await pull(AUTHORS, options({ sha256 }))).files[0]).toMatchObject({ checked: 'sha256' });
    await rm(path());
    await expect(pull(AUTHORS, options({ sha256: 'ab'.repeat(32) }))).rejects.toMatchObject({
      tag: 'Integrity',
    });
    hub.behaviour.plain = false;
    hub.hits.length = 0;
    await expect(pull(AUTHORS, options({ sha256: 'ab'.repeat(32) }))).rejects.toThrow(
      /the server has a file of/,
    );
    expect(hub.hits.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('ends a file that is longer than announced', async () => {
    hub.behaviour.excess = 1000;
    await expect(pull(AUTHORS, options())).rejects.toMatchObject({ tag: 'Integrity' });
  });

  it('tries again after 5xx, 408 and 429 (as long as the server says), and a stalled connection', async () => {
    hub.behaviour.statuses = [
      { status: 503 },
      { status: 429, headers: { 'Retry-After': '0' } },
      { status: 408 },
    ];
    hub.behaviour.stalls = 1;
    await pull(AUTHORS, options({ idleMs: 300 }));
    expect(notices.join()).toMatch(/answers 503.*answers 429.*answers 408.*nothing came for 0.3 s/);
    expect((await readFile(path())).equals(content)).toBe(true);
    hub.behaviour.statuses = [{ status: 429, headers: { 'Retry-After': '3600' } }];
    await rm(path());
    await expect(pull(AUTHORS, options())).rejects.toThrow(/answers 429/);
  });

  it('fetches from an address that is signed for GET alone', async () => {
    hub.behaviour.plain = true;
    hub.behaviour.statuses = [{ status: 403 }];
    const url = `${hub.endpoint}/rmdocherty/dino-saw/resolve/main/alibi_dv2_vits14_reg4.pth?signature=x`;
    expect((await pull(url, options())).files[0]).toMatchObject({ bytes: 300_000, from: 'network' });
  });

  it.each([
    [404, 'NotFound', /--revision/],
    [403, 'PermissionDenied', /set HF_TOKEN/],
    [418, 'Network', /Put the file at/],
  ])('does not try again after %i', async (status, tag, remedy) => {
    hub.behaviour.statuses = [{ status }];
    await expect(pull(AUTHORS, options())).rejects.toMatchObject({
      tag,
      remedy: expect.stringMatching(remedy),
    });
    expect(hub.hits).toHaveLength(1);
  });

  it('sends the token to the hub and to nobody it redirects to', async () => {
    hub.behaviour.token = 'hf_secret';
    await expect(pull(AUTHORS, options())).rejects.toMatchObject({
      tag: 'PermissionDenied',
      message: expect.stringContaining('Access is restricted.'),
      remedy: expect.stringContaining(`accept its terms at ${hub.endpoint}/rmdocherty/dino-saw`),
    });
    await expect(pull(AUTHORS, options({ token: 'wrong' }))).rejects.toThrow(/HF_TOKEN gives no access/);
    hub.hits.length = 0;
    await pull(AUTHORS, options({ token: 'hf_secret' }));
    expect(hub.hits.map(({ server, authorization }) => [server, authorization])).toEqual([
      ['hub', 'Bearer hf_secret'],
      ['hub', 'Bearer hf_secret'],
      ['storage', undefined],
    ]);
    const other = await openHub();
    other.files.set(WEIGHTS, content);
    await pull(
      `${other.endpoint}/${WEIGHTS.replace(/\/(?=alibi)/, '/resolve/main/')}`,
      options({ token: 'x' }),
    );
    expect(other.hits.every(({ authorization }) => authorization === undefined)).toBe(true);
    await other.close();
  });

  it('says in one line which files to put where when the hub is out of reach, and takes them', async () => {
    const { endpoint } = hub;
    await hub.close();
    const folder = join(cache, BACKBONE);
    const failure = await pull(BACKBONE, options()).catch((error: Error) => error.message);
    expect(failure).toBe(
      `${new URL(endpoint).host} cannot be reached: ECONNREFUSED (${endpoint}/${BACKBONE}/resolve/main/config.json). ` +
        `Put the file at ${endpoint}/${BACKBONE}/resolve/main/config.json as ${folder}/config.json and ` +
        `the file at ${endpoint}/${BACKBONE}/resolve/main/model.safetensors as ${folder}/model.safetensors, ` +
        'then run this again; or name a mirror with --endpoint.',
    );
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, 'model.safetensors'), content);
    const { files } = await pull(BACKBONE, options());
    expect(files.map(({ from, checked }) => `${from} ${checked}`)).toEqual([
      'cache nothing',
      'cache nothing',
    ]);
    expect(notices.join()).toContain('whose hash is not checked');
    await expect(pull(BACKBONE, options({ sha256: 'ab'.repeat(32) }))).rejects.toMatchObject({
      tag: 'Integrity',
    });
    hub = await openHub();
  });

  it('out of reach, compares what was pulled with the hash it had', async () => {
    await pull(AUTHORS, options());
    const { endpoint } = hub;
    await hub.close();
    expect((await pull(AUTHORS, options({ endpoint }))).files[0]).toMatchObject({
      from: 'cache',
      checked: 'recorded',
    });
    await writeFile(path(), content.subarray(1));
    await expect(pull(AUTHORS, options({ endpoint }))).rejects.toMatchObject({ tag: 'Integrity' });
    hub = await openHub();
  });

  it('puts files right into --out, and replaces nothing there that it did not put there', async () => {
    const out = join(cache, 'mine');
    const { files } = await pull(AUTHORS, options({ out }));
    expect(files[0]?.path).toBe(join(out, 'alibi_dv2_vits14_reg4.pth'));
    await rm(join(out, '.alibi_dv2_vits14_reg4.pth.pull.json'));
    expect((await pull(AUTHORS, options({ out }))).files[0]?.from).toBe('cache');
    await writeFile(join(out, 'alibi_dv2_vits14_reg4.pth'), 'mine');
    await expect(pull(AUTHORS, options({ out }))).rejects.toMatchObject({ tag: 'Conflict' });
    expect(await readFile(join(out, 'alibi_dv2_vits14_reg4.pth'), 'utf8')).toBe('mine');
    await pull(AUTHORS, options({ out, force: true }));
    await expect(
      pull(AUTHORS, options({ out: join(out, 'alibi_dv2_vits14_reg4.pth') })),
    ).rejects.toMatchObject({
      tag: 'Environment',
    });
  });

  it('keeps what was fetched when it is aborted, before, during and while it waits', async () => {
    await expect(pull(AUTHORS, options({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      name: 'AbortError',
    });
    const controller = new AbortController();
    hub.behaviour.stalls = 1;
    const during = pull(
      AUTHORS,
      options({
        signal: controller.signal,
        onProgress: (_, done) => {
          if (done > 0) controller.abort();
        },
      }),
    );
    await expect(during).rejects.toMatchObject({ name: 'AbortError' });
    const { files } = await pull(AUTHORS, options());
    expect(files[0]?.resumedAt).toBeGreaterThan(0);
    const waiting = new AbortController();
    hub.behaviour.statuses = [{ status: 503 }];
    const options503 = options({
      signal: waiting.signal,
      retry: { attempts: 4, delayMs: 20_000 },
      onNotice: () => waiting.abort(),
    });
    await expect(pull(AUTHORS, options503)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    'nonsense',
    '../x/y',
    'a/../../b',
    'a/b/../c.pth',
    'ftp://example.org/a.pth',
    'https://example.org/',
    'https://user:secret@example.org/a.pth',
  ])('refuses %s without asking anybody', async (text) => {
    const failure = await pull(text, options()).catch((error: Error) => error);
    expect(failure).toMatchObject({ tag: 'InvalidInput' });
    expect(String(failure)).not.toContain('secret');
    expect(hub.hits).toEqual([]);
  });
});
