import type { Command } from 'alibi-zarr/command-line';
import { CROP_LIMIT } from '../bench/bench-images.ts';
import { BENCH_FLAGS, runBench } from '../bench/run-bench.ts';
import { measureSeam } from '../bench/seam/measure-seam.ts';
import { invalidFlag, positive, toggle, valued } from '../flag-values.ts';
import { windowsOf } from '../window-flags.ts';

export const benchSeam: Command = {
  spec: {
    program: 'alibi-train',
    name: 'bench seam',
    summary:
      'How much window plans show in the features: centred and plain consistency, seam ratio, cost, label pixels changed by a shifted window grid; of each image a square of 56×56 tokens (enlarged where the image is smaller); several manifests make a table',
    positionals: ['MANIFEST', '[MANIFEST or IMAGE.png]...'],
    flags: {
      windows: valued('"R,C,O ..."', "window grids in tokens, overlap last (default: the manifest's)"),
      tokens: valued('N', 'along a side of a crop (default: 56)'),
      crops: valued('N', `of an image, 1 to ${CROP_LIMIT}: centre, then corners (default: 1)`),
      scale: valued('S', 'how many times the images are enlarged (default: 1)'),
      classes: valued('K', 'clusters whose label pixels are compared (default: 3)'),
      seed: valued('N', 'of the clusters (default: 1)'),
      'no-shift': toggle('do not compute the shifted window grid, which doubles the work'),
      ...BENCH_FLAGS,
    },
    examples: [
      'bench seam dinov2-alibi/manifest.json a.png b.png',
      'bench seam teacher/manifest.json local/manifest.json micrographs --windows "14,14,0 16,16,2 24,24,3"',
    ],
  },
  run(flags, io) {
    const given = flags.text('windows');
    const { windows, positionals } =
      given === undefined
        ? { windows: undefined, positionals: flags.positionals }
        : windowsOf(given, flags.positionals, '--windows');
    const crops = flags.integer('crops', 1) ?? 1;
    if (crops > CROP_LIMIT) throw invalidFlag(`it is ${crops}, and ${CROP_LIMIT} at most`, '--crops');
    const classes = flags.integer('classes', 2) ?? 3;
    if (classes > 256) throw invalidFlag(`it is ${classes}, and 256 at most`, '--classes');
    const options = {
      windows,
      tokens: flags.integer('tokens', 2) ?? 56,
      crops,
      scale: positive(flags.text('scale') ?? '1', '--scale'),
      classes,
      seed: flags.integer('seed', 0) ?? 1,
      shift: !flags.has('no-shift'),
    };
    return runBench(flags, io, {
      name: 'bench seam',
      positionals,
      measure: (subject, context) => measureSeam(subject, context, options),
    });
  },
};
