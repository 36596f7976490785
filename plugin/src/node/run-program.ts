import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import { type Command, Interrupted } from './command.ts';
import { helpText, nearest, parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';

/** A command line of several commands. */
export interface Program {
  readonly name: string;
  /** What it is for, in half a line. */
  readonly title: string;
  readonly commands: readonly Command[];
  version(): Promise<string>;
}

/**
 * Run one command of a program.
 *
 * @param argv  arguments after the program's name
 * @param io    default: the process
 * @returns     exit code: 0 done; 1 a check answered no; 2 bad input or environment (one line on stderr:
 *              what, where, remedy); 130 interrupted (with what was kept)
 */
export async function runProgram(program: Program, argv: readonly string[], io?: Io): Promise<number> {
  if (io !== undefined) return run(program, argv, io);
  const own = processIo();
  try {
    return await run(program, argv, own.io);
  } finally {
    own.release();
  }
}

async function run(program: Program, argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv;
  if (name === 'help' && rest.length > 0) return run(program, [...rest, '--help'], io);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(overview(program));
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    io.out(await program.version());
    return 0;
  }
  try {
    const command = commandOf(program, argv);
    const flags = parseFlags(command.spec, argv.slice(command.spec.name.split(' ').length));
    if (flags.has('help')) {
      io.out(helpText(command.spec));
      return 0;
    }
    return await command.run(flags, io);
  } catch (error) {
    io.status?.('');
    if (error instanceof Interrupted || isAbort(error)) {
      const kept = error instanceof Interrupted ? error.message : 'nothing was written';
      io.err(`${program.name}: interrupted; ${kept}`);
      return 130;
    }
    const { message } = asAlibiError(error, `${program.name} ${name}`);
    io.err(`${program.name}: ${message.replaceAll('\n', ' ')}`);
    return 2;
  }
}

/** A name may be of two words, such as `bench seam`. */
function commandOf(program: Program, argv: readonly string[]): Command {
  const names = program.commands.map(({ spec }) => spec.name);
  const command = program.commands.find(({ spec }) => isPrefix(spec.name.split(' '), argv));
  if (command !== undefined) return command;
  const [first = '', second] = argv;
  const isGroup = names.some((name) => name.startsWith(`${first} `));
  throw unknownCommand(program, isGroup && second !== undefined ? `${first} ${second}` : first, names);
}

function isPrefix(words: readonly string[], argv: readonly string[]): boolean {
  return words.every((word, i) => argv[i] === word);
}

function unknownCommand(program: Program, name: string, names: readonly string[]): AlibiError {
  const near = nearest(name, names);
  return new AlibiError('InvalidInput', {
    what: `unknown command "${name}"`,
    where: program.name,
    remedy: near === undefined ? `Choose one of ${names.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function overview({ name, title, commands }: Program): string {
  const width = Math.max(10, ...commands.map(({ spec }) => spec.name.length));
  const lines = commands.map(({ spec }) => `  ${spec.name.padEnd(width)} ${spec.summary}`);
  return [
    `${name}: ${title}`,
    '',
    `Usage: ${name} COMMAND [arguments] [flags]`,
    '',
    ...lines,
    '',
    `Flags of a command: ${name} COMMAND --help`,
  ].join('\n');
}
