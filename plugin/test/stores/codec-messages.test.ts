import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, type CodecReply, type CodecRequest, serveCodecs } from '../../src/stores/codec-messages.ts';

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 7);

describe('what a codec worker answers', () => {
  it('undoes gzip as Node does', async () => {
    const reply = await answer({
      id: 3,
      kind: 'decompress',
      name: 'gzip',
      bytes: new Uint8Array(gzipSync(bytes)),
    });
    expect(reply).toEqual({ id: 3, kind: 'done', bytes });
  });

  it.each(['blosc', 'zstd'] as const)('undoes the %s it makes, in a buffer of its own', async (name) => {
    const made = await answer({ id: 1, kind: 'compress', name, bytes, configuration: {} });
    if (made.kind !== 'done') throw new Error(made.kind);
    expect(made.bytes.length).toBeLessThan(bytes.length);
    const reply = await answer({ id: 2, kind: 'decompress', name, bytes: made.bytes });
    if (reply.kind !== 'done') throw new Error(reply.kind);
    expect(reply.bytes).toEqual(bytes);
    expect(reply.bytes.buffer.byteLength).toBe(bytes.length);
  });

  it('makes gzip that Node reads', async () => {
    const reply = await answer({ id: 1, kind: 'compress', name: 'gzip', bytes, configuration: {} });
    if (reply.kind !== 'done') throw new Error(reply.kind);
    expect(new Uint8Array(gunzipSync(reply.bytes))).toEqual(bytes);
  });

  it.each(['zstd', 'gzip'] as const)('says that %s bytes are damaged', async (name) => {
    const reply = await answer({ id: 9, kind: 'decompress', name, bytes: bytes.slice(0, 50) });
    expect(reply).toMatchObject({ id: 9, kind: 'damaged', what: expect.stringMatching(/./) });
  });
});

describe('a codec worker behind a port', () => {
  const { port1, port2 } = new MessageChannel();
  afterEach(() => port1.close());

  it('answers every request under its id and gives the buffer away', async () => {
    const given: Transferable[] = [];
    serveCodecs({
      addEventListener: (type, listener) => port2.addEventListener(type, listener),
      postMessage: (reply, transfer) => {
        given.push(...transfer);
        port2.postMessage(reply, transfer);
      },
    });
    port2.start();
    const replies = new Promise<CodecReply[]>((resolve) => {
      const all: CodecReply[] = [];
      port1.onmessage = ({ data }: MessageEvent<CodecReply>) => {
        if (all.push(data) === 2) resolve(all);
      };
    });
    const packed = new Uint8Array(gzipSync(bytes));
    const requests: CodecRequest[] = [
      { id: 1, kind: 'decompress', name: 'gzip', bytes: packed },
      { id: 2, kind: 'decompress', name: 'gzip', bytes: packed.slice(9) },
    ];
    for (const request of requests) port1.postMessage(request);
    const byId = (await replies).sort((a, b) => a.id - b.id);
    expect(byId.map(({ id, kind }) => [id, kind])).toEqual([
      [1, 'done'],
      [2, 'damaged'],
    ]);
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ byteLength: 0 });
  });
});
