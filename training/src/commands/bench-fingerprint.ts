import type { Command } from 'alibi-zarr/command-line';
import { measureFingerprint } from '../bench/probe/measure-fingerprint.ts';
import { BENCH_FLAGS, runBench } from '../bench/run-bench.ts';
import { valued } from '../flag-values.ts';

export const benchFingerprint: Command = {
  spec: {
    program: 'alibi-train',
    name: 'bench fingerprint',
    summary:
      'Where in the transformer a place is written: the probe of each channel after each block, of a checkpoint converted with --layers',
    positionals: ['MANIFEST', '[MANIFEST or IMAGE.png]...'],
    flags: {
      size: valued('PX', 'images are resized to this square, to whole patches (default: 518)'),
      step: valued('N', 'one token in N² is trained on (default: 6)'),
      seed: valued('N', 'of the choice of training tokens (default: 1)'),
      ...BENCH_FLAGS,
    },
    examples: ['bench fingerprint layers/manifest.json brick.png gravel.png --out fingerprint.json'],
  },
  run(flags, io) {
    const options = {
      sizePx: flags.integer('size', 1) ?? 518,
      step: flags.integer('step', 1) ?? 6,
      seed: flags.integer('seed', 0) ?? 1,
    };
    return runBench(flags, io, {
      name: 'bench fingerprint',
      measure: (subject, context) => measureFingerprint(subject, context, options),
    });
  },
};
