import { afterEach, describe, expect, it } from 'vitest';
import { cached } from '../../src/array/cached.ts';
import { connectArrays } from '../../src/array/connect-arrays.ts';
import type { DataType, LazyArray } from '../../src/array/lazy-array.ts';
import { createQueue } from '../../src/array/queue.ts';
import { scheduled } from '../../src/array/scheduled.ts';
import { serveArrays } from '../../src/array/serve-arrays.ts';
import { AlibiError } from '../../src/errors.ts';
import { countedSignal, deferred, fakeArray, settle, untilAborted } from './fake-array.ts';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A server and a client at the two ends of a channel, and `lazy` as the client sees it. */
function across<T extends DataType>(lazy: LazyArray<T>) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const server = serveArrays(port1);
  const client = connectArrays(port2);
  const handle = structuredClone(server.publish(lazy));
  return { server, client, handle, remote: client.open(handle), port1, port2 };
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('arrays across a port', () => {
  it('arrive with geometry and values, 64-bit integers too', async () => {
    const source = fakeArray({
      shape: [3, 5],
      chunkShape: [2, 2],
      dtype: 'int64',
      value: ([y, x]) => BigInt(y! * 10 + x!) - 2n ** 60n,
      scale: [2, 3],
    });
    const { remote } = across(source);
    expect([remote.shape, remote.chunkShape, remote.dtype, remote.transform.scale]).toEqual([
      [3, 5],
      [2, 2],
      'int64',
      [2, 3],
    ]);
    const chunk = await remote.getChunk([1, 2], {});
    expect(chunk).toEqual({ data: new BigInt64Array([24n - 2n ** 60n]), shape: [1, 1] });
  });

  it('leave a cached chunk whole on the side that holds it', async () => {
    const kept = cached(fakeArray({ shape: [4], chunkShape: [4] }), { byteLimit: 100 });
    const { remote } = across(kept);
    const first = await remote.getChunk([0], {});
    first.data[0] = 99;
    expect([...(await remote.getChunk([0], {})).data]).toEqual([0, 1, 2, 3]);
    expect((await kept.getChunk([0], {})).data.byteLength).toBe(16);
  });

  it('pass errors on as themselves, with tag and data', async () => {
    const error = new AlibiError('Network', {
      what: 'lost',
      where: 'x',
      remedy: 'Wait.',
      data: { status: 503 },
    });
    const { remote, client, server } = across(
      fakeArray({ shape: [1], chunkShape: [1], before: () => Promise.reject(error) }),
    );
    const caught = await remote.getChunk([0], {}).catch((reason: unknown) => reason);
    expect(caught).toBeInstanceOf(AlibiError);
    expect(caught).toMatchObject({ tag: 'Network', what: 'lost', remedy: 'Wait.', data: { status: 503 } });
    expect([client.pending, server.pending]).toEqual([0, 0]);
  });

  it('pass an error on even where its data cannot be cloned', async () => {
    const error = new AlibiError('Network', {
      what: 'lost',
      where: 'x',
      remedy: 'Wait.',
      data: { retry: () => 1 },
    });
    const { remote } = across(
      fakeArray({ shape: [1], chunkShape: [1], before: () => Promise.reject(error) }),
    );
    await expect(remote.getChunk([0], {})).rejects.toMatchObject({ tag: 'Network', what: 'lost', data: {} });
  });

  it('forward an abort and reject at once with the caller’s own reason', async () => {
    let aborted = false;
    const source = fakeArray({
      shape: [1],
      chunkShape: [1],
      before: (_, signal) => {
        signal?.addEventListener('abort', () => {
          aborted = true;
        });
        return untilAborted(signal);
      },
    });
    const { remote, client, server } = across(source);
    const controller = new AbortController();
    const { signal, listeners } = countedSignal(controller.signal);
    const asked = remote.getChunk([0], { signal });
    await pause();
    expect(server.pending).toBe(1);
    const reason = new DOMException('moved on', 'AbortError');
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await pause();
    expect([aborted, client.pending, server.pending, listeners()]).toEqual([true, 0, 0, 0]);
  });

  it('send nothing for a caller that has aborted before', async () => {
    const source = fakeArray({ shape: [1], chunkShape: [1] });
    const { remote } = across(source);
    const signal = AbortSignal.abort();
    await expect(remote.getChunk([0], { signal })).rejects.toBe(signal.reason);
    await pause();
    expect(source.asked).toEqual([]);
  });

  it('let one caller’s abort alone: the other still gets its chunk', async () => {
    const gate = deferred();
    const { remote } = across(fakeArray({ shape: [1], chunkShape: [1], before: () => gate.promise }));
    const controller = new AbortController();
    const one = remote.getChunk([0], { signal: controller.signal });
    const other = remote.getChunk([0], {});
    controller.abort();
    await expect(one).rejects.toThrow(/abort/i);
    gate.resolve();
    expect((await other).data[0]).toBe(0);
  });

  it('carry priorities across, and changes of them', async () => {
    const queue = createQueue({ slots: 1 });
    const gate = deferred();
    const blocking = queue.run(() => gate.promise);
    await settle();
    const order: string[] = [];
    const { remote, client } = across(
      scheduled(
        fakeArray({ shape: [3], chunkShape: [1], before: async ([i]) => void order.push(String(i)) }),
        queue,
      ),
    );
    const priorities = [3, 2, 1];
    const asked = priorities.map((_, i) => remote.getChunk([i], { priority: () => priorities[i]! }));
    await pause();
    priorities[0] = 0; // the view has moved to the first chunk
    client.reprioritise();
    await pause();
    gate.resolve();
    await Promise.all([blocking, ...asked]);
    expect(order).toEqual(['0', '2', '1']);
  });

  it('tell of a grown revision', async () => {
    const source = fakeArray({ shape: [1], chunkShape: [1] });
    const { remote, server, handle } = across(source);
    source.revision = 4;
    expect(remote.revision).toBe(0);
    server.announce(handle);
    await pause();
    expect(remote.revision).toBe(4);
  });

  it('reject everything pending, and everything after, when the port dies', async () => {
    const { remote, port1, client } = across(
      fakeArray({ shape: [1], chunkShape: [1], before: () => new Promise(() => undefined) }),
    );
    const asked = remote.getChunk([0], {});
    const outcome = expect(asked).rejects.toMatchObject({ tag: 'Internal' });
    port1.close();
    await outcome;
    expect(client.pending).toBe(0);
    await expect(remote.getChunk([0], {})).rejects.toMatchObject({ tag: 'Internal' });
  });

  it('abort what is under way when the server closes, and refuse what was withdrawn', async () => {
    let aborts = 0;
    const source = fakeArray({
      shape: [1],
      chunkShape: [1],
      before: (_, signal) => untilAborted(signal).finally(() => aborts++),
    });
    const { remote, server, handle, client } = across(source);
    const asked = remote.getChunk([0], {});
    const outcome = expect(asked).rejects.toMatchObject({ tag: 'Environment' });
    await pause();
    server.withdraw(handle);
    await expect(remote.getChunk([0], {})).rejects.toMatchObject({ tag: 'NotFound' });
    server.close();
    await pause();
    expect(aborts).toBe(1);
    client.close(
      new AlibiError('Environment', { what: 'the worker stopped', where: 'worker', remedy: 'Reload.' }),
    );
    await outcome;
  });
});
