import type { Command } from 'alibi-zarr/command-line';
import { benchSeam as measureSeams } from '../bench/bench-seam.ts';
import { PRECISION_FLAG, precisionOf, toggle } from '../flag-values.ts';

export const benchSeam: Command = {
  spec: {
    program: 'alibi-train',
    name: 'bench seam',
    summary:
      "How much the checkpoint's window plan shows in the features: centred and plain consistency, seam ratio, cost; mean over images, of each a centred square of 56×56 tokens (enlarged where the image is smaller)",
    positionals: ['MANIFEST', 'IMAGE.png', '[IMAGE.png]...'],
    flags: {
      precision: PRECISION_FLAG,
      write: toggle("store the figures in the manifest's `measured`"),
    },
    examples: ['bench seam dinov2-alibi/manifest.json a.png b.png'],
  },
  async run(flags, io) {
    const [manifest = '', ...images] = flags.positionals;
    const measured = await measureSeams({
      manifest,
      images,
      precision: precisionOf(flags.text('precision')),
      write: flags.has('write'),
      onProgress: io.err,
    });
    if (flags.has('json')) io.out(JSON.stringify({ measured }));
    else for (const { name, value, note } of measured) io.out(`${name}: ${value} (${note})`);
    return 0;
  },
};
