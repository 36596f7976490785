import { createHash, createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presignedBy } from '../../docs/signer/presign-client.mjs';
import { AlibiError } from '../../plugin/src/errors.ts';
import { signerOf } from '../../plugin/src/node/signers.ts';
import { createHttpStore } from '../../plugin/src/stores/http.ts';
import type { Signer } from '../../plugin/src/stores/signer.ts';
import type { WriteStore } from '../../plugin/src/stores/store.ts';
import { MemoryStore } from '../../plugin/test/labels/image-fixture.ts';
import { idsOf, save, smallImage } from '../../plugin/test/labels/save-to-server.ts';
import { freePort } from '../server/free-port.ts';
import { type Credentials, type Moto, motoMissing, startMoto } from '../server/moto.ts';
import { startProgram } from '../server/program.ts';

const missing = motoMissing();

describe.skipIf(missing !== undefined)(`labels in an S3-compatible bucket (skipped: ${missing})`, () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  }, 90_000);
  afterAll(() => moto?.close());

  const noFlags = {
    argv: [],
    positionals: [],
    has: () => false,
    text: () => undefined,
    all: () => [],
    integer: () => undefined,
    number: () => undefined,
  };
  const open = async (folder: string, { accessKeyId, secretAccessKey }: Credentials): Promise<WriteStore> => {
    const sign = await signerOf(noFlags, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    return createHttpStore(`${moto.url}/${moto.bucket}/${folder}`, {
      ...(sign === undefined ? {} : { sign }),
      retry: { attempts: 3, baseDelayMs: 10 },
    });
  };

  for (const zarrFormat of [2, 3] as const) {
    it(`are saved, replaced and read with signed requests: v${zarrFormat}`, async () => {
      const image = await smallImage(zarrFormat);
      const store = await open(`image-${zarrFormat}.zarr`, moto.credentials);
      const first = await save(image, store, { place: 'server' });
      expect(first.validation).toEqual({ valid: true });
      const again = await save(image, store, { place: 'server', overwrite: true });
      expect(again.validation).toEqual({ valid: true });
      const local = new MemoryStore();
      await save(image, local);
      expect(await idsOf(store, image)).toEqual(await idsOf(local, image));
      console.info(
        `S3, v${zarrFormat}: a conflict is ${first.conflictCheck} when new, ${again.conflictCheck} when replaced`,
      );
    });
  }

  it('are refused where the key is wrong, with what to do', async () => {
    const image = await smallImage(3);
    const store = await open('wrong.zarr', { ...moto.credentials, secretAccessKey: 'not-the-secret' });
    await expect(save(image, store)).rejects.toMatchObject({
      tag: 'PermissionDenied',
      remedy: expect.stringContaining('credentials'),
    });
  });

  it('are refused without a signature', async () => {
    const image = await smallImage(3);
    const store = createHttpStore(`${moto.url}/${moto.bucket}/unsigned.zarr`, {
      retry: { attempts: 2, baseDelayMs: 10 },
    });
    // moto answers 500 to a request that has none; S3 itself 403.
    await expect(save(image, store)).rejects.toBeInstanceOf(AlibiError);
    const signed = await open('unsigned.zarr', moto.credentials);
    expect(await signed.get('/labels/phases/zarr.json')).toBeUndefined();
  });

  it("are saved through addresses that a facility's server presigns; the client has no keys", async () => {
    // moto cannot verify a presigned address: it takes any, and the signatures are computed here once more.
    const lax = await startMoto({ checked: false });
    const port = await freePort();
    const server = `http://127.0.0.1:${port}`;
    const running = await startProgram(
      process.execPath,
      [fileURLToPath(new URL('../../docs/signer/presign-server.mjs', import.meta.url))],
      {
        url: server,
        env: {
          PORT: String(port),
          BUCKET_URL: `${lax.url}/${lax.bucket}`,
          FACILITY_TOKEN: 'of-a-user',
          AWS_ACCESS_KEY_ID: lax.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: lax.credentials.secretAccessKey,
        },
      },
    );
    try {
      const image = await smallImage(3);
      const presign = presignedBy(server, 'Bearer of-a-user');
      const signed = new Set<string>();
      const sign: Signer = async (request) => {
        const { url } = await presign(request);
        expect(new URL(url).searchParams.get('X-Amz-Signature')).toBe(
          presignedSignature(request.method, url, lax.credentials.secretAccessKey),
        );
        signed.add(request.method);
        return { url };
      };
      const store = createHttpStore(`${lax.url}/${lax.bucket}/presigned.zarr`, { sign });
      expect(await save(image, store, { place: 'server' })).toMatchObject({ validation: { valid: true } });
      expect([...signed].sort()).toEqual(['DELETE', 'GET', 'PUT']);
      const stranger = createHttpStore(`${lax.url}/${lax.bucket}/presigned.zarr`, {
        sign: presignedBy(server, 'Bearer of-a-stranger'),
        retry: { attempts: 1 },
      });
      await expect(stranger.get('/labels/zarr.json')).rejects.toMatchObject({
        tag: 'PermissionDenied',
        what: expect.stringContaining('403'),
      });
    } finally {
      await running.close();
      await lax.close();
    }
  });
});

/**
 * The signature of a presigned address, straight from the definition.
 * Source: AWS Signature Version 4, Authenticating Requests: Using Query Parameters
 */
function presignedSignature(method: string, address: string, secret: string): string {
  const url = new URL(address);
  const query = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature');
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonicalQuery = query
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&');
  const request = [
    method,
    url.pathname,
    canonicalQuery,
    `host:${url.host}`,
    '',
    'host',
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const [, day = '', region = '', service = '', end = ''] = (
    url.searchParams.get('X-Amz-Credential') ?? ''
  ).split('/');
  const text = [
    'AWS4-HMAC-SHA256',
    date,
    [day, region, service, end].join('/'),
    createHash('sha256').update(request).digest('hex'),
  ].join('\n');
  const key = [day, region, service, end].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac('sha256', key).update(text).digest('hex');
}
