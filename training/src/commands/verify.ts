import type { Command } from 'alibi-zarr/command-line';
import { precisionOf, valued } from '../flag-values.ts';
import { PRECISIONS } from '../onnx/precision.ts';
import { verify as verifyCheckpoint } from '../verify.ts';

export const verify: Command = {
  spec: {
    program: 'alibi-train',
    name: 'verify',
    summary:
      "A checkpoint's graphs on onnxruntime-node and ONNX Runtime Web at several grids, against each other and the stored self-test; exit 1 where they disagree",
    positionals: ['MANIFEST'],
    flags: { precision: valued('P', `only the graphs of this precision: ${PRECISIONS.join(', ')}`) },
    examples: ['verify dinov2-alibi/manifest.json'],
  },
  async run(flags, io) {
    const [manifest = ''] = flags.positionals;
    const output = await verifyCheckpoint(manifest, {
      precision: precisionOf(flags.text('precision')),
      signal: io.signal,
    });
    if (flags.has('json')) {
      io.out(JSON.stringify(output));
      return output.agrees ? 0 : 1;
    }
    for (const { graph, rows, cols, provider, against, relativeError, tolerance, ok } of output.checks) {
      const error = relativeError === null ? 'not comparable' : relativeError.toExponential(2);
      io.out(
        `${ok ? 'ok  ' : 'FAIL'} ${graph} ${rows}×${cols} ${provider} against ${against}: ${error} (≤ ${tolerance})`,
      );
    }
    for (const { provider, reason } of output.unavailable) io.out(`-    ${provider}: ${reason}`);
    return output.agrees ? 0 : 1;
  },
};
