import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AlibiError } from '../../src/errors.ts';
import type { CodecJob, CodecReply, CodecRequest } from '../../src/stores/codec-messages.ts';
import { type CodecWorker, createCodecPool } from '../../src/stores/codec-pool.ts';

/** A worker that answers when the test says so. */
class FakeWorker implements CodecWorker {
  readonly requests: CodecRequest[] = [];
  readonly transferred: Transferable[] = [];
  terminated = false;
  readonly #target = new EventTarget();

  postMessage(request: CodecRequest, transfer: Transferable[]): void {
    this.requests.push(request);
    this.transferred.push(...transfer);
  }
  addEventListener(type: string, listener: (event: MessageEvent<CodecReply>) => void): void {
    // The target gives each listener the events of its own type.
    this.#target.addEventListener(type, listener as (event: Event) => void);
  }
  terminate(): void {
    this.terminated = true;
  }
  reply(value: number): void {
    const { id } = this.requests.at(-1)!;
    this.#message({ id, kind: 'done', bytes: Uint8Array.of(value) });
  }
  damaged(what: string): void {
    this.#message({ id: this.requests.at(-1)!.id, kind: 'damaged', what });
  }
  failed(error: AlibiError): void {
    this.#message({ id: this.requests.at(-1)!.id, kind: 'failed', error: error.toPlain() });
  }
  die(message: string): void {
    this.#target.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message }));
  }
  #message(data: CodecReply): void {
    this.#target.dispatchEvent(new MessageEvent('message', { data }));
  }
}

function poolOf(size: number, idleMs = 60_000) {
  const workers: FakeWorker[] = [];
  const createWorker = () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  };
  return { workers, pool: createCodecPool({ createWorker, size, idleMs }) };
}

const job = (value: number): CodecJob => ({
  kind: 'decompress',
  name: 'zstd',
  bytes: Uint8Array.of(value, value),
});
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (error: unknown) => error,
  );

describe('a pool of codec workers', () => {
  it('starts no worker before there is work, no more than its size, and uses idle ones again', async () => {
    const { workers, pool } = poolOf(2);
    expect(workers).toHaveLength(0);
    const all = [1, 2, 3].map((value) => pool.run(job(value)));
    await wait();
    expect(workers.map(({ requests }) => requests.map(({ bytes }) => bytes[0]))).toEqual([[1], [2]]);
    workers[0]!.reply(10);
    await wait();
    expect(workers.map(({ requests }) => requests.map(({ bytes }) => bytes[0]))).toEqual([[1, 3], [2]]);
    workers[0]!.reply(30);
    workers[1]!.reply(20);
    expect((await Promise.all(all)).map(([value]) => value)).toEqual([10, 20, 30]);
  });

  it('gives the worker a copy of just the bytes asked for', async () => {
    const { workers, pool } = poolOf(1);
    const shard = Uint8Array.of(9, 8, 7, 6);
    const done = pool.run({ ...job(0), bytes: shard.subarray(1, 3) });
    await wait();
    const [worker] = workers;
    expect(worker!.requests[0]!.bytes).toEqual(Uint8Array.of(8, 7));
    expect(worker!.transferred).toMatchObject([{ byteLength: 2 }]);
    worker!.reply(0);
    await done;
    expect(shard).toEqual(Uint8Array.of(9, 8, 7, 6));
  });

  it('never starts a job aborted before, nor one aborted while it waits', async () => {
    const { workers, pool } = poolOf(1);
    const before = AbortSignal.abort();
    expect(await errorOf(pool.run(job(1), { signal: before }))).toBe(before.reason);
    expect(workers).toHaveLength(0);
    const running = pool.run(job(2));
    const during = new AbortController();
    const waiting = pool.run(job(3), { signal: during.signal });
    await wait();
    during.abort();
    expect(await errorOf(waiting)).toBe(during.signal.reason);
    workers[0]!.reply(2);
    await running;
    await wait();
    expect(workers[0]!.requests).toHaveLength(1);
  });

  it('lets a running job end and then rejects it as aborted; the worker goes on', async () => {
    const { workers, pool } = poolOf(1);
    const controller = new AbortController();
    const running = errorOf(pool.run(job(1), { signal: controller.signal }));
    await wait();
    controller.abort();
    workers[0]!.reply(1);
    expect(await running).toBe(controller.signal.reason);
    const next = pool.run(job(2));
    await wait();
    workers[0]!.reply(2);
    expect(await next).toEqual(Uint8Array.of(2));
    expect(workers).toHaveLength(1);
  });

  it('tells damaged bytes from a codec that cannot run', async () => {
    const { workers, pool } = poolOf(1);
    const damaged = errorOf(pool.run(job(1)));
    await wait();
    workers[0]!.damaged('no magic number');
    expect(await damaged).not.toBeInstanceOf(AlibiError);
    expect(await damaged).toMatchObject({ message: 'no magic number' });
    const failed = errorOf(pool.run(job(1)));
    await wait();
    workers[0]!.failed(new AlibiError('Environment', { what: 'a', where: 'b', remedy: 'c' }));
    expect(await failed).toMatchObject({ tag: 'Environment', what: 'a' });
  });

  it('rejects what a dying worker held, starts another once, and then stays with the error', async () => {
    const { workers, pool } = poolOf(1);
    const first = errorOf(pool.run(job(1)));
    const second = errorOf(pool.run(job(2)));
    const third = errorOf(pool.run(job(3)));
    await wait();
    workers[0]!.die('out of memory');
    expect(await first).toMatchObject({
      tag: 'Environment',
      what: expect.stringContaining('out of memory'),
    });
    await wait();
    expect(workers).toHaveLength(2);
    expect(workers[0]!.terminated).toBe(true);
    workers[1]!.die('');
    expect(await second).toMatchObject({
      tag: 'Environment',
      what: expect.stringContaining('could not be loaded'),
    });
    expect(await third).toBe(await second);
    expect(workers).toHaveLength(2);
  });

  it('counts deaths in a row: an answer in between starts the count again', async () => {
    const { workers, pool } = poolOf(1);
    for (const round of [0, 1, 2]) {
      const lost = errorOf(pool.run(job(1)));
      await wait();
      workers[round]!.die('crash');
      await lost;
      const next = pool.run(job(2));
      await wait();
      workers[round + 1]!.reply(7);
      expect(await next).toEqual(Uint8Array.of(7));
    }
  });

  it('a worker that cannot even be made is the same error', async () => {
    const cause = new DOMException('no workers from there', 'SecurityError');
    const pool = createCodecPool({
      size: 1,
      createWorker: () => {
        throw cause;
      },
    });
    expect(await errorOf(pool.run(job(1)))).toMatchObject({ tag: 'Environment', cause });
  });

  it('lets its workers go when there has been no work for a while, and starts new ones', async () => {
    const { workers, pool } = poolOf(1, 20);
    const done = pool.run(job(1));
    await wait();
    workers[0]!.reply(1);
    await done;
    expect(workers[0]!.terminated).toBe(false);
    await wait(60);
    expect(workers[0]!.terminated).toBe(true);
    const again = pool.run(job(2));
    await wait();
    workers[1]!.reply(2);
    expect(await again).toEqual(Uint8Array.of(2));
  });
});
