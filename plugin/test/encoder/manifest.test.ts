import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadManifest } from '../../src/encoder/manifest.ts';
import { type TinyCheckpoint, tinyCheckpoint } from './tiny-checkpoint.ts';

/** The checkpoint over HTTP; `stall` stops after the headers and half a file. */
async function served(tiny: TinyCheckpoint, status: (path: string) => number | 'stall'): Promise<string> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice('/models/'.length);
    const file = tiny.files.get(path);
    const answer = file === undefined ? 404 : status(path);
    response.writeHead(answer === 'stall' ? 200 : answer);
    if (answer === 200) response.end(file);
    else if (answer === 'stall') response.write(file?.subarray(0, 100));
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}/models/manifest.json`;
}

describe('loadManifest', () => {
  it('reads and verifies the files it names, telling progress in bytes', async () => {
    const tiny = await tinyCheckpoint();
    const { manifest, readFile } = await loadManifest(tiny);
    expect(manifest.window).toEqual({ rows: 5, cols: 5, overlap: 1 });
    const size = tiny.files.get('plain.onnx')!.length;
    const progress: object[] = [];
    const file = await readFile('plain.onnx', { onProgress: (step) => progress.push(step) });
    expect(file).toEqual(tiny.files.get('plain.onnx'));
    expect(progress).toEqual([{ bytes: size, totalBytes: size }]);
  });

  it('refuses a file that is not the one named, giving both hashes', async () => {
    const tiny = await tinyCheckpoint();
    const { manifest, readFile } = await loadManifest(tiny);
    const file = tiny.files.get('plain.onnx')!;
    file[file.length - 1]! ^= 1;
    await expect(readFile('plain.onnx')).rejects.toMatchObject({
      tag: 'Integrity',
      data: {
        path: 'plain.onnx',
        expected: manifest.graphs[0]!.sha256,
        actual: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  it('reads no file the manifest does not name', async () => {
    const { readFile } = await loadManifest(await tinyCheckpoint());
    await expect(readFile('../secret')).rejects.toMatchObject({ tag: 'InvalidInput' });
  });

  it.each([
    ['not JSON', '{', /not JSON/],
    ['another kind of JSON', '{"zarr_format":3}', /manifest must have required property/],
  ])('refuses %s', async (_, text, message) => {
    const tiny = await tinyCheckpoint();
    tiny.files.set('manifest.json', new TextEncoder().encode(text));
    await expect(loadManifest(tiny)).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      message: expect.stringMatching(message),
    });
  });

  it('refuses an overlap as wide as the window', async () => {
    const tiny = await tinyCheckpoint({ window: { rows: 4, cols: 8, overlap: 4 } });
    await expect(loadManifest(tiny)).rejects.toThrow(/overlap is 4, not smaller/);
  });

  it('passes an abort through', async () => {
    const tiny = await tinyCheckpoint();
    await expect(loadManifest(tiny, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('names the file and the status of a failed download', async () => {
    await expect(loadManifest('http://127.0.0.1:9/manifest.json')).rejects.toMatchObject({ tag: 'Network' });
  });

  it('finds the files beside the manifest and counts their bytes', async () => {
    const tiny = await tinyCheckpoint();
    const { readFile } = await loadManifest(await served(tiny, () => 200));
    const seen: number[] = [];
    const file = await readFile('plain.onnx', {
      onProgress: ({ bytes, totalBytes }) => {
        expect(totalBytes).toBe(tiny.files.get('plain.onnx')!.length);
        seen.push(bytes);
      },
    });
    expect(file).toEqual(tiny.files.get('plain.onnx'));
    expect(seen.at(-1)).toBe(file.length);
  });

  it.each([
    [404, 'NotFound'],
    [403, 'PermissionDenied'],
    [503, 'Network'],
  ])('tells a %i as %s', async (status, tag) => {
    const url = await served(await tinyCheckpoint(), (path) => (path === 'manifest.json' ? 200 : status));
    const { readFile } = await loadManifest(url);
    await expect(readFile('plain.onnx')).rejects.toMatchObject({ tag, data: { status } });
  });

  it('stops a download in the middle', async () => {
    const url = await served(await tinyCheckpoint(), (path) => (path === 'manifest.json' ? 200 : 'stall'));
    const { readFile } = await loadManifest(url);
    const controller = new AbortController();
    const reading = readFile('plain.onnx', {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});
