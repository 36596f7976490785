import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Command, CommandSpec, Flags, Io } from 'alibi-zarr/command-line';
import { measureProbe } from '../bench/probe/measure-probe.ts';
import { probeTensors } from '../bench/probe/probe-tensors.ts';
import { BENCH_FLAGS, runBench } from '../bench/run-bench.ts';
import { assertWritable, writeWhole } from '../bench/write-whole.ts';
import { invalidFlag, valued } from '../flag-values.ts';

const spec: CommandSpec = {
  program: 'alibi-train',
  name: 'probe',
  summary:
    "How well a place is read from a token: R² of ridge regression on four ramps, by the reference's protocol (few tokens of an image) and on held-out images (from three images on)",
  positionals: ['[MANIFEST]', '[MANIFEST or IMAGE.png]...'],
  flags: {
    tensors: valued('FILE', 'instead: probe feats.NAME on ramp.R and mask.R of a safetensors file'),
    size: valued('PX', 'images are resized to this square, to whole patches (default: 518)'),
    step: valued('N', 'reference protocol: one token in N² is trained on (default: 6)'),
    repeats: valued('N', 'reference protocol: random choices of training tokens (default: 6)'),
    seed: valued('N', 'of these choices (default: 1)'),
    ...BENCH_FLAGS,
  },
  examples: [
    'probe dinov2-alibi/manifest.json brick.png gravel.png grass.png',
    'probe teacher/manifest.json local/manifest.json textures --out probe.json',
    'probe --tensors features.safetensors --json',
  ],
};

export const probe: Command = {
  spec,
  async run(flags, io) {
    const tensors = flags.text('tensors');
    if (tensors !== undefined) return runOnTensors(tensors, flags, io);
    const options = {
      sizePx: flags.integer('size', 1) ?? 518,
      step: flags.integer('step', 1) ?? 6,
      repeats: flags.integer('repeats', 1) ?? 6,
      seed: flags.integer('seed', 0) ?? 1,
    };
    return runBench(flags, io, {
      name: 'probe',
      measure: (subject, context) => measureProbe(subject, context, options),
    });
  },
};

async function runOnTensors(path: string, flags: Flags, io: Io): Promise<0> {
  if (flags.positionals.length > 0) {
    throw new AlibiError('InvalidInput', {
      what: `"${flags.positionals[0]}" is given beside --tensors`,
      where: 'alibi-train probe',
      remedy: 'Probe tensors, or a checkpoint on images.',
    });
  }
  const other = Object.keys(spec.flags).find((name) => !['tensors', 'out'].includes(name) && flags.has(name));
  if (other !== undefined) throw invalidFlag('it has no meaning with --tensors', `--${other}`);
  const out = flags.text('out');
  if (out !== undefined) await assertWritable(out);
  const output = await probeTensors(path, io.signal);
  if (out !== undefined) await writeWhole(out, `${JSON.stringify(output, null, 2)}\n`);
  if (flags.has('json')) io.out(JSON.stringify(output));
  else for (const [name, { r2 }] of Object.entries(output)) io.out(`${name}: ${r2.toFixed(4)}`);
  return 0;
}
