import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FeaturesOutput } from 'alibi-zarr-schemas';
import { AlibiError, isAbort } from '../../errors.ts';
import { openClassifierFile } from '../classifier-file.ts';
import { type Command, Interrupted } from '../command.ts';
import { invalid } from '../flags.ts';
import { openWork, workFlags } from '../open-work.ts';
import { writeFeatures } from '../write-features.ts';

const command = 'features';

export const features: Command = {
  spec: {
    name: command,
    summary: "Write the transformer's features as an OME-Zarr image",
    positionals: ['STORE'],
    flags: {
      out: { type: 'string', value: 'DIR', help: 'the OME-Zarr image to write (0.5, Zarr v3 sharded)' },
      overwrite: { type: 'boolean', help: 'replace features written there before' },
      pca: { type: 'string', value: 'n', help: 'reduce to n principal components first' },
      recipe: {
        type: 'string',
        value: 'FILE',
        help: 'a classifier: write what it reads of every pixel instead of tokens',
      },
      dtype: {
        type: 'string',
        value: 'float16|float32',
        help: 'default float16; with --recipe float32',
      },
      ...workFlags,
    },
    examples: [
      'features image.zarr --out features.zarr',
      'features image.zarr --out f.zarr --pca 32 --level 1',
      'features image.zarr --out f.zarr --recipe phases.json',
    ],
  },
  async run(flags, io) {
    const out = flags.text('out');
    if (out === undefined) throw invalid('--out is missing', { name: command }, 'Write --out and a folder.');
    const recipe = flags.text('recipe');
    const dtype = flags.text('dtype') ?? (recipe === undefined ? 'float16' : 'float32');
    if (dtype !== 'float16' && dtype !== 'float32') {
      throw invalid(`--dtype is "${dtype}"`, { name: command }, 'Write float16 or float32.');
    }
    const components = flags.integer('pca', 1);
    if ((await stat(out).catch(() => undefined))?.isFile()) {
      throw new AlibiError('InvalidInput', {
        what: 'a file',
        where: out,
        remedy: 'Name a folder with --out.',
      });
    }
    if (recipe !== undefined && components !== undefined) {
      throw invalid(
        '--recipe and --pca are given',
        { name: command },
        'The classifier says how tokens are reduced: leave --pca out.',
      );
    }
    const classifier = recipe === undefined ? undefined : await openClassifierFile(recipe);
    const work = await openWork(flags, io, command, classifier === undefined ? {} : { classifier });
    try {
      const request = {
        out: resolve(out),
        location: out,
        dtype,
        components,
        classifier,
        overwrite: flags.has('overwrite'),
      } as const;
      const output = await writeFeatures(work, request, io);
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      return 0;
    } catch (error) {
      if (!isAbort(error)) throw error;
      throw new Interrupted(`${out} is as it was before`);
    } finally {
      await work.close();
    }
  },
};

function asText(output: FeaturesOutput): string {
  return `${output.location}: ${output.axes.join(', ')} ${output.shape.join('×')} ${output.dtype} of level ${output.level}, ${output.written} chunks written, ${output.seconds.toFixed(1)} s`;
}
