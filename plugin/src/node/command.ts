import type { CommandSpec, Flags } from './flags.ts';
import type { Io } from './io.ts';

/** One command of the command line. */
export interface Command {
  readonly spec: CommandSpec;
  /** @returns the exit code: 0 done, 1 a check answered no. Anything else is thrown. */
  run(flags: Flags, io: Io): Promise<0 | 1>;
}

/** Thrown on an interrupt by a command that can say what it leaves behind. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
