import { type Io, packageVersion, runProgram } from 'alibi-zarr/command-line';
import { benchFingerprint } from './commands/bench-fingerprint.ts';
import { benchHomogeneity } from './commands/bench-homogeneity.ts';
import { benchLoss } from './commands/bench-loss.ts';
import { benchScribbles } from './commands/bench-scribbles.ts';
import { benchSeam } from './commands/bench-seam.ts';
import { benchSegmentation } from './commands/bench-segmentation.ts';
import { convert } from './commands/convert.ts';
import { finetune } from './commands/finetune.ts';
import { probe } from './commands/probe.ts';
import { pull } from './commands/pull.ts';
import { quantize } from './commands/quantize.ts';
import { report } from './commands/report.ts';
import { verify } from './commands/verify.ts';

/**
 * @param argv  arguments after the program's name
 * @param io    default: the process
 * @returns     the exit code: 0 done, 1 a check answered no, 2 bad input or environment, 130 interrupted
 */
export function main(argv: readonly string[], io?: Io): Promise<number> {
  const program = {
    name: 'alibi-train',
    title: 'make, check and measure ALiBi vision transformers',
    commands: [
      pull,
      convert,
      quantize,
      finetune,
      verify,
      probe,
      benchScribbles,
      benchSegmentation,
      benchFingerprint,
      benchHomogeneity,
      benchSeam,
      benchLoss,
      report,
    ],
    version: packageVersion,
  };
  return runProgram(program, argv, io);
}
