import { describe, expect, it } from 'vitest';
import { fromMemory } from '../src/array/memory.ts';
import type { OmeImage } from '../src/ome/ome-image.ts';
import { writeClassifier } from '../src/segment/portable.ts';
import { fitClassifier } from '../src/segment/train.ts';
import { importClassifier } from '../src/session-classifier.ts';

const classes = [
  { name: 'dark', color: '000000' },
  { name: 'bright', color: 'ffffff' },
];

/** A classifier of one classical feature of a channel, of pixels of 0.5 µm. */
async function classifierText(channel: number): Promise<string> {
  const seen = { channels: [channel], black: [0], white: [1] };
  const fit = await fitClassifier(
    {
      values: Float32Array.from([0, 0.1, 0.9, 1]),
      labels: Uint16Array.from([0, 0, 1, 1]),
      groups: Int32Array.from([0, 1, 2, 3]),
      painted: Int32Array.from([2, 2]),
    },
    {
      classes,
      recipe: {
        tokens: [],
        classical: { normalisation: seen, sigmas: [0], unit: 'pixel', kinds: ['gaussian'], zContext: false },
      },
      choice: { kind: 'linear' },
      level: 0,
      pixelSizeUm: { z: null, y: 0.5, x: 0.5 },
      normalisation: seen,
      seed: 0,
    },
  );
  return JSON.stringify(writeClassifier({ fit, model: null }));
}

/** An image of two channels; `um` a pixel, null where it says nothing. */
function imageOf(um: number | null): OmeImage {
  const unit = um === null ? {} : { unit: 'micrometer' };
  const axes = [
    { name: 'c', type: 'channel' },
    { name: 'y', type: 'space', ...unit },
    { name: 'x', type: 'space', ...unit },
  ];
  const pixels = fromMemory(new Uint8Array(2 * 16), {
    shape: [2, 4, 4],
    dtype: 'uint8',
    axes,
    transform: { scale: [1, um ?? 1, um ?? 1], translation: [0, 0, 0] },
  });
  const level = {
    path: '0',
    shape: [2, 4, 4],
    chunks: [2, 4, 4],
    dtype: 'uint8' as const,
    transform: pixels.transform,
  };
  return {
    name: 'image',
    version: '0.5',
    zarrFormat: 3,
    axes,
    levels: [level],
    pixels: [pixels],
    channels: [],
    rgb: false,
    labels: [],
    store: { get: async () => undefined },
    path: '',
    location: 'image.zarr',
    attributes: {},
    metadataHash: '0'.repeat(64),
  };
}

describe('importClassifier', () => {
  const pipeline = {
    graphs: ['a'.repeat(64)],
    model: { name: 'open', sha256: 'a'.repeat(64), precision: 'fp32' as const },
  };
  const held = async (channel: number, image: OmeImage, painted = { classes, strokes: [] }) =>
    importClassifier(await classifierText(channel), 'c.json', { image, pipeline, painted });

  it('finds where it fits: on the level of its pixel size, or resampled to it', async () => {
    expect((await held(1, imageOf(0.5))).place).toEqual({ level: 0 });
    expect((await held(1, imageOf(0.75))).place).toEqual({ level: 0, factor: { y: 1.5, x: 1.5 } });
    expect((await held(1, imageOf(0.5))).method).toMatchObject({ kind: 'classifier', location: 'c.json' });
  });

  it('is refused where channels, pixel size or what is known of it do not fit', async () => {
    await expect(held(2, imageOf(0.5))).rejects.toThrow(/reads channel 2, and the image has channels 0 to 1/);
    await expect(held(0, imageOf(2))).rejects.toThrow(
      /trained at 0\.5 µm a pixel, and the finest the image has is 2 µm/,
    );
    await expect(held(0, imageOf(null))).rejects.toThrow(/the image states no pixel size/);
  });
});
