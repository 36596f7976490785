import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { ServeOutput } from 'alibi-zarr-schemas';
import { labelChunkPx, pixelGrid } from '../../pipeline/pixel-grid.ts';
import { asZarrStore, layerPath, type ZarrLayer } from '../../views/zarr/as-zarr-store.ts';
import { clusterCount, clusterTokens } from '../clusters.ts';
import type { Command } from '../command.ts';
import { invalid } from '../flags.ts';
import type { Io } from '../io.ts';
import { openWork, type Work, workFlags } from '../open-work.ts';
import { progressBar } from '../progress-bar.ts';
import { type StoreServer, serveStore } from '../server.ts';

const command = 'serve';
/** Axes of the basis that colours are drawn from. */
const pcaComponents = 3;

export const serve: Command = {
  spec: {
    name: command,
    summary: 'Serve an image with its lazy layers (feature colours, clusters) as OME-Zarr over HTTP',
    positionals: ['STORE'],
    flags: {
      kmeans: { type: 'string', value: 'k', help: 'also serve k clusters as labels/clusters' },
      'no-pca': { type: 'boolean', help: 'leave out the feature colours (alibi-zarr/features)' },
      host: { type: 'string', value: 'ADDRESS', help: 'default 127.0.0.1: this machine alone' },
      port: { type: 'string', value: 'n', help: 'default: any free one' },
      ...workFlags,
    },
    examples: ['serve image.zarr', 'serve image.zarr --kmeans 4 --port 8000'],
  },
  async run(flags, io) {
    const port = flags.integer('port', 0) ?? 0;
    if (port > 65_535) throw invalid(`--port is ${port}`, { name: command }, 'Give one of 0 to 65535.');
    const host = flags.text('host') ?? '127.0.0.1';
    const k = clusterCount(flags);
    const work = await openWork(flags, io, command);
    try {
      const layers = await lazyLayers(work, { k, pca: !flags.has('no-pca') }, io);
      const server = await serveStore(asZarrStore({ image: work.image, layers }), {
        host,
        port,
        mount: mountOf(work.opened.location),
        sizeOf: sizeOfStored(work, layers),
        onError: (error) => io.err(`alibi-zarr: ${error.message}`),
      });
      const output = describe(work, server, layers);
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      await interrupted(io.signal);
      await server.close();
      return 0;
    } finally {
      await work.close();
    }
  },
};

async function lazyLayers(
  work: Work,
  wanted: { readonly k: number | undefined; readonly pca: boolean },
  io: Io,
): Promise<ZarrLayer[]> {
  const { image, pipeline, seed, slices } = work;
  const layers: ZarrLayer[] = [];
  if (wanted.pca) {
    const bar = progressBar(io, 'Fitting feature colours');
    const onProgress = (progress: Parameters<typeof bar.update>[0]) => bar.update(progress);
    const fit = await pipeline.fitPca({
      components: pcaComponents,
      seed,
      slices,
      signal: io.signal,
      onProgress,
    });
    bar.end();
    const levels = await Promise.all(image.levels.map((_, level) => pipeline.pca(fit, level)));
    const window = { start: 0, end: 255, min: 0, max: 255 };
    const channels = ['ff0000', '00ff00', '0000ff'].map((color, i) => ({
      label: `PCA ${i + 1}`,
      color,
      active: true,
      window,
    }));
    layers.push({ kind: 'image', name: 'features', levels, channels });
  }
  if (wanted.k !== undefined) {
    const { scores, classes } = await clusterTokens(work, wanted.k, io);
    const levels = await Promise.all(
      image.pixels.map((pixels) => pipeline.labels(scores, pixelGrid(pixels), labelChunkPx)),
    );
    layers.push({ kind: 'labels', name: 'clusters', levels, classes });
  }
  return layers;
}

/** Sizes of the image's own chunks and shards, so that a byte range need not read all of one. */
function sizeOfStored({ opened, image }: Work, layers: readonly ZarrLayer[]) {
  if (/^https?:/i.test(opened.location)) return async () => undefined;
  const hidden = layers.map((layer) => `/${layerPath(layer)}/`);
  return async (key: `/${string}`): Promise<number | undefined> => {
    if (/\/(zarr\.json|\.z[a-z]+)$/.test(key) || hidden.some((prefix) => key.startsWith(prefix)))
      return undefined;
    const found = await stat(join(resolve(opened.location), image.path, key)).catch(() => undefined);
    return found?.isFile() ? found.size : undefined;
  };
}

/** The last part of a path or address, as people know the image. */
function mountOf(location: string): string {
  const name = basename(location.replace(/[?#].*$/, '').replace(/\/+$/, ''));
  return name === '' || name === '.' || name === '..' ? 'image.zarr' : name;
}

function describe({ image }: Work, server: StoreServer, layers: readonly ZarrLayer[]): ServeOutput {
  return {
    url: server.url,
    host: server.host,
    port: server.port,
    version: image.version,
    layers: layers.map((layer) => ({
      name: layer.name,
      kind: layer.kind,
      url: `${server.url}/${layerPath(layer)}`,
      path: layerPath(layer),
    })),
  };
}

function asText(output: ServeOutput): string {
  const layers = output.layers.map(({ kind, url }) => `  ${kind.padEnd(7)} ${url}`);
  return [`image     ${output.url}`, ...layers, 'Ctrl-C ends it.'].join('\n');
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
