import { useCodecThreads } from './codec-threads.ts';
import { contactSheet } from './commands/contact-sheet.ts';
import { features } from './commands/features.ts';
import { info } from './commands/info.ts';
import { instances } from './commands/instances.ts';
import { measure } from './commands/measure.ts';
import { model } from './commands/model.ts';
import { reproduce } from './commands/reproduce.ts';
import { segment } from './commands/segment.ts';
import { serve } from './commands/serve.ts';
import { validate } from './commands/validate.ts';
import type { Io } from './io.ts';
import { packageVersion } from './package-version.ts';
import { runProgram } from './run-program.ts';

/**
 * The command line.
 *
 * @param argv  arguments after the program's name
 * @param io    default: the process
 * @returns     the exit code, see {@link runProgram}
 */
export function main(argv: readonly string[], io?: Io): Promise<number> {
  const program = {
    name: 'alibi-zarr',
    title: 'segment OME-Zarr with a vision transformer',
    commands: [info, features, segment, instances, measure, contactSheet, reproduce, serve, validate, model],
    version: packageVersion,
  };
  useCodecThreads();
  return runProgram(program, argv, io);
}
