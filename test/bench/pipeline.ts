import { chunksOf } from '../../plugin/src/array/region.ts';
import { loadManifest } from '../../plugin/src/encoder/manifest.ts';
import { encoderInput } from '../../plugin/src/encoder/normalise.ts';
import { openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { fileReader, nodeBackend } from '../../plugin/src/encoder/ort-node.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { createPipeline } from '../../plugin/src/pipeline/create-pipeline.ts';
import { openStore } from '../../plugin/src/stores/open-store.ts';
import { defaultModel } from './default-model.ts';
import { syntheticImage } from './synthetic-image.ts';

/**
 * What the pipeline adds to the transformer: reading, normalising, blending and colouring all of a level
 * over running the same number of windows on inputs prepared beforehand. Alternating in one run; the
 * ratio of each round, and their median. The fit of the colours, once an image, is timed apart.
 */
export async function pipeline({ rounds = 3, sizePx = 1024 } = {}) {
  const checkpoint = await loadManifest(fileReader(defaultModel));
  const { encoder, report, graph } = await openEncoder({ ...checkpoint, backends: [nodeBackend()] });
  const { rows, cols } = checkpoint.manifest.window;
  const { patchPx } = encoder;
  const [heightPx, widthPx] = [rows * patchPx, cols * patchPx];
  const normalisation = { channels: [0], black: [0], white: [255] };
  const plane = Uint8Array.from({ length: heightPx * widthPx }, (_, i) => (i * 2654435761) >>> 24);
  const input = encoderInput([plane], normalisation, checkpoint.manifest.input);

  const pure = async (windows: number) => {
    const startMs = performance.now();
    for (let i = 0; i < windows; i++) await encoder.run(input, heightPx, widthPx, {});
    return performance.now() - startMs;
  };
  const whole = async () => {
    const image = await openImage(await openStore(syntheticImage(sizePx)), {});
    const parts = createPipeline({
      pixels: image.pixels,
      normalisation,
      manifest: checkpoint.manifest,
      model: { name: checkpoint.manifest.name, sha256: graph.sha256, precision: graph.precision },
      encoder,
      report: () => report,
    });
    const fitStartMs = performance.now();
    const fit = await parts.fitPca({ components: 32, seed: 0, slices: { z: [0], t: [0] } });
    const fitMs = performance.now() - fitStartMs;
    const before = encoder.runs;
    const startMs = performance.now();
    const colours = await parts.pca(fit, 0);
    const everything = { start: colours.shape.map(() => 0), stop: colours.shape };
    await Promise.all(chunksOf(colours, everything).map((index) => colours.getChunk(index, {})));
    return { ms: performance.now() - startMs, windows: encoder.runs - before, fitMs };
  };

  await pure(1);
  const results: { fitMs: number; windows: number; pureMs: number; pipelineMs: number; ratio: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const { ms: pipelineMs, windows, fitMs } = await whole();
    const pureMs = await pure(windows);
    results.push({ fitMs, windows, pureMs, pipelineMs, ratio: pipelineMs / pureMs });
    console.error(
      `round ${round + 1}: ${windows} windows, ${(pipelineMs / pureMs).toFixed(3)} × the transformer alone`,
    );
  }
  await encoder.close();
  const ratios = results.map((result) => result.ratio).sort((a, b) => a - b);
  return {
    model: checkpoint.manifest.name,
    provider: report.chosen,
    rounds: results,
    ratio: ratios[ratios.length >> 1],
  };
}
