import type { Command, CommandSpec, Flags } from 'alibi-zarr/command-line';
import type { QuantizeOutput } from 'alibi-zarr-schemas';
import { commandText, invalidFlag, oneOf, toggle, valued, whole } from '../flag-values.ts';
import { type LowPrecision, quantize as quantizeCheckpoint } from '../quantize/quantize.ts';

const LOW: readonly LowPrecision[] = ['fp16', 'fp16-arithmetic', 'int8', 'int8-dynamic', 'int4'];

const spec: CommandSpec = {
  program: 'alibi-train',
  name: 'quantize',
  summary:
    'Further graphs of a checkpoint at lower precision in the same manifest, each held against fp32: self-test, features, PCA, time. One above its limit (relative error 2e-2 of the self-test) is kept out, and the exit code is 1',
  positionals: ['MANIFEST', '[PNG]...'],
  flags: {
    precision: valued(
      'P,...',
      'fp16, int8, int4: how weights are stored; fp16-arithmetic, int8-dynamic: lower arithmetic too (default: fp16,fp16-arithmetic,int8,int8-dynamic)',
    ),
    weights: valued('FILE', 'the weights it was converted from; needed where the manifest has no fp32 graph'),
    images: valued('PNG...', 'real images to compare on (default: three generated ones)'),
    out: valued('DIR', "where to write (default: the manifest's folder)"),
    only: toggle('list these precisions alone; with --out'),
    force: toggle('list one above its limit too; it runs only where it is asked for'),
    repeats: valued('N', 'timed windows of each graph on each provider (default: 5; 0: no times)'),
  },
  examples: [
    'quantize dinov2-alibi/manifest.json --precision fp16,int8,int8-dynamic,int4 --images a.png b.png',
    'quantize models/dinov2-vits14-alibi/manifest.json --weights model.safetensors --precision int8,fp16-arithmetic --only --out shipped',
  ],
};

export const quantize: Command = {
  spec,
  async run(flags, io) {
    // The images may stand before the manifest, since --images takes all that follow it.
    const named = Math.max(
      0,
      flags.positionals.findIndex((text) => text.endsWith('.json')),
    );
    const manifest = flags.positionals[named] ?? '';
    const more = flags.positionals.filter((_, i) => i !== named);
    const out = flags.text('out');
    if (flags.has('only') && out === undefined) {
      throw invalidFlag('without --out it would drop the graphs it starts from', '--only');
    }
    const output = await quantizeCheckpoint({
      manifest,
      precisions: precisionsOf(flags),
      weights: flags.text('weights'),
      images: imagesOf(flags, more),
      out,
      only: flags.has('only'),
      force: flags.has('force'),
      repeats: whole(flags.text('repeats') ?? '5', '--repeats', 0),
      command: `alibi-train quantize ${commandText(flags.argv)}`,
      onProgress: io.err,
      signal: io.signal,
    });
    if (flags.has('json')) io.out(JSON.stringify(output));
    else for (const line of asText(output)) io.out(line);
    return output.admitted ? 0 : 1;
  },
};

function precisionsOf(flags: Flags): LowPrecision[] {
  const text = flags.text('precision') ?? 'fp16,fp16-arithmetic,int8,int8-dynamic';
  return [...new Set(text.split(',').map((part) => oneOf(part.trim(), LOW, '--precision')))];
}

/** `--images a.png b.png`: the flag takes the first, the rest are what follows. */
function imagesOf(flags: Flags, more: readonly string[]): string[] {
  const first = flags.text('images');
  if (first === undefined) {
    if (more[0] !== undefined) throw invalidFlag(`"${more[0]}" is one manifest too many`, 'MANIFEST');
    return [];
  }
  return [first, ...more];
}

function asText({ manifest, graphs, images }: QuantizeOutput): string[] {
  const digits = (value: number | null, places: number): string => value?.toFixed(places) ?? 'not finite';
  const on = images.length === 0 ? 'generated images' : `${images.length} images`;
  return [
    `${manifest}: against fp32 on ${on}`,
    ...graphs.flatMap(({ precision, bytes, outcome, tolerance, selfTest, features, speed }) => {
      const worst = selfTest.map(({ relativeError: error }) => error ?? Number.POSITIVE_INFINITY);
      const verdict = {
        admitted: 'admitted',
        'kept-out': `FAILED, above ${tolerance}: kept out (--force lists it)`,
        forced: `FAILED, above ${tolerance}: listed by force, runs only when asked for`,
      }[outcome];
      return [
        `${precision}: ${(bytes / 1e6).toFixed(1)} MB; self-test ${Math.max(...worst).toExponential(2)}: ${verdict}`,
        `  features: cosine ${digits(features.cosineMean, 5)}, lowest ${digits(features.cosineMin, 5)}; relative error ${digits(features.relativeError, 4)}; PCA ${digits(features.pcaAgreement, 4)}`,
        ...speed.map(
          ({ provider, relativeTime, ms }) =>
            `  ${provider}: ${relativeTime.toFixed(2)} of fp32's time (${ms.toFixed(0)} ms a window)`,
        ),
      ];
    }),
  ];
}
