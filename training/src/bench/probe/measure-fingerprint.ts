import { AlibiError, createRandom } from 'alibi-zarr/checkpoint';
import type { FingerprintResult } from 'alibi-zarr-schemas';
import { benchMap } from '../bench-map.ts';
import type { BenchSubject } from '../bench-subject.ts';
import { encodeImages } from '../encode-images.ts';
import { counted, figure } from '../figure.ts';
import type { BenchContext } from '../run-bench.ts';
import { probeTokens } from './channel-probe.ts';
import type { ProbeOptions } from './measure-probe.ts';
import { RAMP_NAMES, type RampName, rampOf } from './ramps.ts';
import { trainingMask } from './training-mask.ts';

/** Sums over images, for one ramp: of all channels [layers], of each [layers, dim]. */
interface RampSums {
  readonly r2: Float64Array;
  readonly perChannel: Float64Array;
}

/**
 * Where in the transformer a place is written: the reference's probe of each channel after each block.
 *
 * @throws AlibiError  InvalidInput: the graph does not put out the tokens after its blocks
 */
export async function measureFingerprint(
  subject: BenchSubject,
  context: BenchContext,
  options: Omit<ProbeOptions, 'repeats'>,
): Promise<FingerprintResult> {
  const layers = layersOf(subject);
  const { dim } = subject.manifest.architecture;
  context.expect(context.images.length * (1 + layers.length));
  const random = createRandom(options.seed);
  const sums = new Map<RampName, RampSums>(
    RAMP_NAMES.map((ramp) => [
      ramp,
      { r2: new Float64Array(layers.length), perChannel: new Float64Array(layers.length * dim) },
    ]),
  );
  const names: string[] = [];
  let grid = { rows: 0, cols: 0, sizePx: options.sizePx };
  const { sizePx } = options;
  for await (const { name, grids, ...image } of encodeImages(subject, context, { sizePx, outputs: layers })) {
    names.push(name);
    for (const [layer, tokens] of grids.entries()) {
      grid = { rows: tokens.rows, cols: tokens.cols, sizePx: image.sizePx };
      for (const [ramp, sum] of sums) {
        const mask = trainingMask(tokens.rows, tokens.cols, { step: options.step, random });
        const wanted = rampOf(ramp, tokens.rows, tokens.cols);
        const { r2, perChannel } = probeTokens(tokens, wanted, mask, { channels: true });
        sum.r2[layer] = sum.r2[layer]! + r2;
        perChannel.forEach((score, c) => {
          sum.perChannel[layer * dim + c] = sum.perChannel[layer * dim + c]! + score;
        });
      }
      await context.step();
    }
  }
  const ramps = [...sums].map(([ramp, sum]) => describe(ramp, sum, { images: names.length, layers, dim }));
  return {
    format: 'alibi-train/fingerprint/1',
    model: subject.model,
    command: context.command,
    figures: ramps.map(({ ramp, r2 }) => highestLayer(ramp, r2, { layers, images: names.length })),
    images: names,
    ...grid,
    dim,
    seed: options.seed,
    samples: Math.floor((grid.rows * grid.cols) / options.step ** 2),
    layers: [...layers],
    ramps,
  };
}

/** The blocks whose tokens the graph puts out, then its final tokens. */
function layersOf({ path, manifest }: BenchSubject): readonly string[] {
  const layers = manifest.graphs[0]?.layers ?? [];
  if (layers.length === 0) {
    const all = Array.from({ length: manifest.architecture.blocks }, (_, i) => i).join(',');
    throw new AlibiError('InvalidInput', {
      what: 'the graph does not put out the tokens after its blocks',
      where: path,
      remedy: `Convert the weights again with --layers ${all}.`,
    });
  }
  return [...layers.map((layer) => `layer.${layer}`), 'features'];
}

function describe(
  ramp: RampName,
  { r2, perChannel }: RampSums,
  {
    images,
    layers,
    dim,
  }: { readonly images: number; readonly layers: readonly string[]; readonly dim: number },
): FingerprintResult['ramps'][number] {
  const means = perChannel.map((sum) => sum / images);
  return {
    ramp,
    r2: Array.from(r2, (sum) => sum / images),
    highest: layers.map((_, layer) =>
      means.subarray(layer * dim, (layer + 1) * dim).reduce((most, value) => Math.max(most, value)),
    ),
    perChannel: benchMap(means, { rows: layers.length, cols: dim }, [0, 1]),
  };
}

function highestLayer(
  ramp: RampName,
  r2: readonly number[],
  { layers, images }: { readonly layers: readonly string[]; readonly images: number },
): FingerprintResult['figures'][number] {
  const most = r2.indexOf(Math.max(...r2));
  return figure(
    `highest probe R² ${ramp} of a layer`,
    r2[most] ?? Number.NaN,
    `in ${layers[most]} of ${layers.length - 1} blocks and the final tokens, reference protocol, ${counted(images, 'image')}`,
  );
}
