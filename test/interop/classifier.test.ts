import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageAttributes, jsonBytes } from '../../plugin/src/ome/write.ts';
import { createArrayWriter } from '../../plugin/src/stores/array-writer.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { call, writeTinyCheckpoint } from '../../plugin/test/node/call.ts';
import { hasPython, runPython } from './python.ts';

const size = 96;

describe.skipIf(!hasPython())('a classifier in Python (skipped without .venv, see requirements.txt)', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-replay-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('onnxruntime gives our labels and probabilities from the features we export', async () => {
    const manifest = await writeTinyCheckpoint(join(folder, 'model'));
    const image = join(folder, 'image.zarr');
    await writeTextures(image);
    const scribbles = new Uint8Array(size * size);
    for (const y of [10, 40, 80]) {
      scribbles.fill(1, y * size + 4, y * size + 28);
      scribbles.fill(2, y * size + 36, y * size + 60);
      scribbles.fill(3, y * size + 68, y * size + 92);
    }
    const png = join(folder, 'scribbles.png');
    await writeFile(png, encode({ width: size, height: size, data: scribbles, channels: 1, depth: 8 }));
    const stem = join(folder, 'classifier');
    const model = ['--model', manifest];
    const learned = await call([
      ...['segment', image, '--name', 'a', '--scribbles', png, '--classes', 'left,middle,right'],
      ...['--classifier-out', stem, '--probabilities', '--tokens', '1,2', '--components', '4', ...model],
    ]);
    expect(learned.err).toEqual([]);
    const features = join(folder, 'features.zarr');
    const exported = await call(['features', image, '--out', features, '--recipe', `${stem}.json`, ...model]);
    expect(exported.err).toEqual([]);
    const answer = runPython('replay_classifier.py', {
      features,
      labels: join(image, 'labels', 'a'),
      probabilities: join(image, 'probabilities', 'a'),
      onnx: `${stem}.onnx`,
      json: `${stem}.json`,
    }) as { pixels: number; same: number; classes: string[]; largest_probability_difference: number };
    expect(answer.pixels).toBe(size * size);
    expect(answer.same / answer.pixels).toBeGreaterThanOrEqual(0.999);
    expect(answer.classes).toEqual(['left', 'middle', 'right']);
    // Half a step of uint8, and float32's rounding.
    expect(answer.largest_probability_difference).toBeLessThan(0.51);
  });

  async function writeTextures(path: string): Promise<void> {
    const store = createNodeStore(path);
    const shape = [size, size];
    const options = { zarrFormat: 3, shape, chunkShape: shape, dtype: 'uint8', compression: 'zstd' } as const;
    const writer = createArrayWriter(store, '/0', options);
    const data = Uint8Array.from({ length: size * size }, (_, i) => {
      const [y, x] = [Math.floor(i / size), i % size];
      const noise = (7 * x + 13 * y + 5 * x * y) % 31;
      return x < 32 ? 40 + noise : x < 64 ? 90 + 3 * noise : 200 + noise;
    });
    await writer.writeChunk([0, 0], { data, shape });
    await writer.finish();
    const axes = ['y', 'x'].map((name) => ({ name, type: 'space', unit: 'micrometer' }));
    const datasets = [{ path: '0', transform: { scale: [0.5, 0.5], translation: [0, 0] } }];
    const attributes = imageAttributes({
      version: '0.5',
      name: 'textures',
      axes,
      datasets,
      downscaling: { type: 'none', metadata: {} },
    });
    await store.set('/zarr.json', jsonBytes({ zarr_format: 3, node_type: 'group', attributes }));
  }
});
