/** `alibi-zarr/command-line`: what a command line of this family is made of. Light: no stores, no runtime. */
export { type Command, Interrupted } from './command.ts';
export { type CommandSpec, type FlagSpec, type Flags, invalid } from './flags.ts';
export type { Io } from './io.ts';
export { packageVersion } from './package-version.ts';
export { duration, progressBar } from './progress-bar.ts';
export { type Program, runProgram } from './run-program.ts';
