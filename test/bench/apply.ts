import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeRandomCheckpoint } from 'alibi-train';
import { fileReader, nodeBackend } from '../../plugin/src/encoder/ort-node.ts';
import { planWindows } from '../../plugin/src/encoder/window-plan.ts';
import { materialize } from '../../plugin/src/labels/materialize.ts';
import type { OmeImage } from '../../plugin/src/ome/ome-image.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import {
  createPipeline,
  type OpenedCheckpoint,
  openCheckpoint,
} from '../../plugin/src/pipeline/create-pipeline.ts';
import { withImageCache } from '../../plugin/src/pipeline/image-cache.ts';
import { labelChunkPx, pixelGrid } from '../../plugin/src/pipeline/pixel-grid.ts';
import type { ClassifierFit, Stroke } from '../../plugin/src/segment/types.ts';
import { learnFromOne, viewOf } from '../../plugin/src/session-project-samples.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { openStore } from '../../plugin/src/stores/open-store.ts';
import { defaultModel } from './default-model.ts';
import { syntheticImage } from './synthetic-image.ts';

interface ApplyOptions {
  /** Rounds of the throughput; 0 leaves it out. */
  readonly rounds?: number;
  /** Height and width of the image that throughput is measured on. */
  readonly heightPx?: number;
  readonly widthPx?: number;
  /** Images whose memory is measured, a side or `HEIGHTxWIDTH` each, joined by commas; `none` leaves it out. */
  readonly memory?: string | number;
  /** Of one image, in this process: what `memory` runs for each. */
  readonly peakOf?: string | number;
}

const repository = fileURLToPath(new URL('../../', import.meta.url));
const normalisation = { channels: [0], black: [0], white: [255] };
const slices = { z: [0], t: [0] };
/** Where the classifier learns: it is the same for images of every size. */
const learnedPx = 1024;

/**
 * A classifier applied to a whole image and streamed to OME-Zarr labels on disk. `ratio`: what that takes over running the
 * transformer alone on as many windows, in turn, the median of the rounds; `cpuRatio`: the same of processor time, which other
 * work on the machine hardly changes. `memory`: peak resident memory of a process that
 * does one image and nothing else, with a transformer as wide as ViT-S and one block deep, so that tokens take as much room.
 */
export async function apply({
  rounds = 3,
  heightPx = 1024,
  widthPx = heightPx,
  memory = '1024,2048,4096,512x32768',
  peakOf,
}: ApplyOptions = {}): Promise<unknown> {
  if (peakOf !== undefined) return peak(String(peakOf));
  const throughput = rounds === 0 ? null : await throughputOf(heightPx, widthPx, rounds);
  const peaks = [];
  for (const size of memory === 'none' ? [] : String(memory).split(',')) peaks.push(await inProcess(size));
  return { throughput, memory: peaks };
}

async function throughputOf(heightPx: number, widthPx: number, rounds: number) {
  const checkpoint = await openCheckpoint(fileReader(defaultModel), [nodeBackend()], {});
  const fit = await learned(checkpoint);
  const results = [];
  await pure(checkpoint, 1);
  for (let round = 0; round < rounds; round++) {
    const whole = await applied(checkpoint, fit, heightPx, widthPx);
    const alone = await pure(checkpoint, whole.windows);
    const [ratio, cpuRatio] = [whole.ms / alone.ms, whole.cpuMs / alone.cpuMs];
    results.push({ ...whole, pureMs: alone.ms, pureCpuMs: alone.cpuMs, ratio, cpuRatio });
    console.error(
      `round ${round + 1}: ${whole.windows} windows, ${(whole.ms / 1000).toFixed(1)} s, ${ratio.toFixed(3)} × the transformer alone, ${cpuRatio.toFixed(3)} × its processor time`,
    );
  }
  await checkpoint.encoder.close();
  return {
    model: checkpoint.model.name,
    provider: checkpoint.report().chosen,
    heightPx,
    widthPx,
    planned: planned(checkpoint, fit, heightPx, widthPx),
    rounds: results,
    ratio: median(results.map(({ ratio }) => ratio)),
    cpuRatio: median(results.map(({ cpuRatio }) => cpuRatio)),
  };
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Starts a clock of time and of this process's processor time, threads included. */
function clock(): () => { readonly ms: number; readonly cpuMs: number } {
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - startMs, cpuMs: (user + system) / 1000 };
  };
}

async function openSynthetic(heightPx: number, widthPx: number): Promise<OmeImage> {
  const store = await openStore(syntheticImage(heightPx, widthPx));
  return withImageCache(await openImage(store, {}));
}

/** The default recipe and classifier, from ten strokes on bright and dark places of the same texture. */
async function learned(checkpoint: OpenedCheckpoint): Promise<ClassifierFit> {
  const image = await openSynthetic(learnedPx, learnedPx);
  const pipeline = createPipeline({ ...checkpoint, pixels: image.pixels, normalisation, lent: true });
  const view = await viewOf({ image, pipeline, slices, level: 0 }, {}, { seed: 0 });
  const strokes = Array.from({ length: 10 }, (_, n): Stroke => {
    const [x, y] = [(n * 97) % (learnedPx - 120), (n * 433) % learnedPx];
    const points = Array.from({ length: 30 }, (_, i) => [x + 3 * i, y]).flat();
    return { id: String(n), classIndex: n % 2, radiusPx: 3, points, z: 0, t: 0 };
  });
  const classes = [
    { name: 'a', color: 'ff0000' },
    { name: 'b', color: '00ff00' },
  ];
  return learnFromOne(pipeline, view, { classes, strokes, validation: 'none', seed: 0 });
}

/** The whole image, as `segment --classifier --level 0` does it, nothing kept from before. */
async function applied(
  { encoder, ...checkpoint }: OpenedCheckpoint,
  fit: ClassifierFit,
  heightPx: number,
  widthPx: number,
) {
  const image = await openSynthetic(heightPx, widthPx);
  const folder = await mkdtemp(join(tmpdir(), 'alibi-bench-apply-'));
  const before = encoder.runs;
  const took = clock();
  try {
    const pipeline = createPipeline({
      ...checkpoint,
      ...{ encoder, pixels: image.pixels, normalisation, lent: true },
    });
    const scores = await pipeline.classScores(fit);
    const labels = await pipeline.labels(scores, pixelGrid(image.pixels[0]!), labelChunkPx);
    const { bytes, written, skipped } = await materialize({
      ...{ labels, image, target: createNodeStore(folder), targetPath: '', name: 'applied', maxId: 2 },
      classes: fit.classes.map((spec, index) => ({ id: index + 1, ...spec })),
      provenance: {
        model: pipeline.model,
        executionProvider: pipeline.provider.chosen,
        normalisation,
        fit: { kind: fit.kind, id: fit.id, source: fit.source },
        strokes: [],
        imageMetadataSha256: image.metadataHash,
      },
    });
    return {
      ...took(),
      windows: encoder.runs - before,
      chunks: written + skipped,
      bytes,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As many windows, on an input that is ready. */
async function pure({ encoder, manifest }: OpenedCheckpoint, windows: number) {
  const [heightPx, widthPx] = [
    manifest.window.rows * encoder.patchPx,
    manifest.window.cols * encoder.patchPx,
  ];
  const input = Float32Array.from({ length: 3 * heightPx * widthPx }, (_, i) => Math.sin(i / 37));
  const took = clock();
  for (let i = 0; i < windows; i++) await encoder.run(input, heightPx, widthPx, {});
  return took();
}

/** Windows of the image at every scale the classifier reads: what has to run when none runs twice. */
function planned(
  { encoder, manifest }: OpenedCheckpoint,
  { recipe }: ClassifierFit,
  heightPx: number,
  widthPx: number,
): number {
  const tokens = (px: number, scale: number) => Math.ceil(Math.round(px * scale) / encoder.patchPx);
  return recipe.tokens.reduce(
    (sum, { scale }) =>
      sum + planWindows(tokens(heightPx, scale), tokens(widthPx, scale), manifest.window).windows,
    0,
  );
}

/** @param size  `1024`, or `512x32768` for its height and width */
async function peak(size: string) {
  const [heightPx = 0, widthPx = heightPx] = size.split('x').map(Number);
  const folder = await mkdtemp(join(tmpdir(), 'alibi-bench-'));
  await writeRandomCheckpoint(folder, {
    dim: 384,
    blocks: 1,
    window: { rows: 32, cols: 32, overlap: 4 },
  });
  const checkpoint = await openCheckpoint(fileReader(join(folder, 'manifest.json')), [nodeBackend()], {});
  await rm(folder, { recursive: true });
  const fit = await learned(checkpoint);
  const { ms, windows, chunks } = await applied(checkpoint, fit, heightPx, widthPx);
  return {
    ...{ heightPx, widthPx, megapixels: (heightPx * widthPx) / 1e6, chunks, windows },
    planned: planned(checkpoint, fit, heightPx, widthPx),
    seconds: ms / 1000,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}

/** A peak is a process's: each image has one of its own. */
async function inProcess(size: string): Promise<unknown> {
  const script = join(repository, 'scripts', 'bench.mjs');
  console.error(`memory: ${size}`);
  const child = spawn(process.execPath, [script, 'apply', '--peak-of', size], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`the image of ${size} ended with ${code}`);
  const { result }: { result: { peakMiB: number } } = JSON.parse(out.slice(out.indexOf('{')));
  console.error(`memory: ${size} peaked at ${result.peakMiB.toFixed(0)} MiB`);
  return result;
}
