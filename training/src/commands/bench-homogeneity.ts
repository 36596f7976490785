import type { Command } from 'alibi-zarr/command-line';
import { measureHomogeneity } from '../bench/homogeneity/measure-homogeneity.ts';
import { BENCH_FLAGS, runBench } from '../bench/run-bench.ts';
import { invalidFlag, valued, whole } from '../flag-values.ts';

export const benchHomogeneity: Command = {
  spec: {
    program: 'alibi-train',
    name: 'bench homogeneity',
    summary:
      'How much of similarity maps, clusters and principal components of images that are the same everywhere is position',
    positionals: ['MANIFEST', '[MANIFEST or IMAGE.png]...'],
    flags: {
      size: valued('PX', 'images are resized to this square, to whole patches (default: 518)'),
      clusters: valued('K,...', 'numbers of clusters (default: 2,3,4)'),
      seed: valued('N', 'of the clusters (default: 1)'),
      ...BENCH_FLAGS,
    },
    examples: ['bench homogeneity teacher/manifest.json local/manifest.json brick.png gravel.png grass.png'],
  },
  run(flags, io) {
    const options = {
      sizePx: flags.integer('size', 1) ?? 518,
      clusters: clustersOf(flags.text('clusters') ?? '2,3,4'),
      seed: flags.integer('seed', 0) ?? 1,
    };
    return runBench(flags, io, {
      name: 'bench homogeneity',
      measure: (subject, context) => measureHomogeneity(subject, context, options),
    });
  },
};

function clustersOf(text: string): number[] {
  const all = [...new Set(text.split(',').map((part) => whole(part, '--clusters', 2)))];
  if (all.some((k) => k > 256)) throw invalidFlag('a map has at most 256 clusters', '--clusters');
  return all;
}
