import { readRegion } from '../../plugin/src/array/region.ts';
import { openSessionInProcess } from '../../plugin/src/node/open-session.ts';
import { defaultModel } from './default-model.ts';
import { syntheticImage } from './synthetic-image.ts';

/**
 * From a stroke to the refreshed segmentation of the linear model, all features at hand: what training takes, and what
 * labelling each pixel of a `sizePx`² image takes, over several strokes. The pause a viewer waits for further strokes before it
 * trains (120 ms) is not in it, nor is drawing. `everything` (yes or no): classical features besides tokens, or tokens
 * alone.
 */
export async function strokeLatency({
  sizePx = 1024,
  rounds = 9,
  everything = 'yes',
  model = defaultModel,
} = {}) {
  const source = syntheticImage(sizePx);
  const session = await openSessionInProcess({ source, model });
  const learning = {
    level: 0,
    classifier: { kind: 'linear' as const },
    ...(everything === 'yes' ? {} : { recipe: { kinds: [] } }),
  };
  session.addClass({ name: 'a', color: '#ff0000' });
  session.addClass({ name: 'b', color: '#00ff00' });
  const stroke = (round: number) => {
    const along = (round * 97) % (sizePx - 120);
    const points = Array.from({ length: 30 }, (_, i) => [along + 3 * i, (along * 7) % sizePx]).flat();
    session.stroke({ classIndex: round % 2, radiusPx: 2, points, z: 0, t: 0 });
  };
  const answer = async () => {
    const startMs = performance.now();
    const layer = await session.train(learning);
    const trainedMs = performance.now();
    const pixels = layer?.levels[0]?.pixels;
    if (pixels === undefined) throw new Error('nothing was trained');
    await readRegion(pixels, { start: pixels.shape.map(() => 0), stop: pixels.shape }, {});
    const endMs = performance.now();
    return { trainMs: trainedMs - startMs, labelMs: endMs - trainedMs, ms: endMs - startMs };
  };
  stroke(0);
  stroke(1);
  const first = await answer();
  const results: { trainMs: number; labelMs: number; ms: number }[] = [];
  for (let round = 2; round < rounds + 2; round++) {
    stroke(round);
    const result = await answer();
    results.push(result);
    console.error(`stroke ${round - 1}: ${result.trainMs.toFixed(0)} + ${result.labelMs.toFixed(0)} ms`);
  }
  await session.close();
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  return {
    sizePx,
    /** With the transformer's windows and all features to compute. */
    first,
    rounds: results,
    trainMs: median(results.map(({ trainMs }) => trainMs)),
    labelMs: median(results.map(({ labelMs }) => labelMs)),
    ms: median(results.map(({ ms }) => ms)),
  };
}
