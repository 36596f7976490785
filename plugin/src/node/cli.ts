import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import { type Command, Interrupted } from './command.ts';
import { features } from './commands/features.ts';
import { info } from './commands/info.ts';
import { model } from './commands/model.ts';
import { segment } from './commands/segment.ts';
import { serve } from './commands/serve.ts';
import { validate } from './commands/validate.ts';
import { helpText, nearest, parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { packageVersion } from './package-version.ts';

const commands: readonly Command[] = [info, features, segment, serve, validate, model];

/**
 * The command line.
 *
 * @param argv  arguments after the program's name
 * @param io    default: the process
 * @returns     exit code: 0 done; 1 a check answered no; 2 bad input or environment (one line on stderr:
 *              what, where, remedy); 130 interrupted (with what was kept)
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  if (io !== undefined) return run(argv, io);
  const own = processIo();
  try {
    return await run(argv, own.io);
  } finally {
    own.release();
  }
}

async function run([name, ...rest]: readonly string[], io: Io): Promise<number> {
  if (name === 'help' && rest.length > 0) return run([...rest, '--help'], io);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    io.out(await packageVersion());
    return 0;
  }
  try {
    const command = commands.find(({ spec }) => spec.name === name);
    if (command === undefined) throw unknownCommand(name);
    const flags = parseFlags(command.spec, rest);
    if (flags.has('help')) {
      io.out(helpText(command.spec));
      return 0;
    }
    return await command.run(flags, io);
  } catch (error) {
    io.status?.('');
    if (error instanceof Interrupted || isAbort(error)) {
      io.err(
        `alibi-zarr: interrupted; ${error instanceof Interrupted ? error.message : 'nothing was written'}`,
      );
      return 130;
    }
    io.err(`alibi-zarr: ${asAlibiError(error, `alibi-zarr ${name}`).message.replaceAll('\n', ' ')}`);
    return 2;
  }
}

function unknownCommand(name: string): AlibiError {
  const names = commands.map(({ spec }) => spec.name);
  const near = nearest(name, names);
  return new AlibiError('InvalidInput', {
    what: `unknown command "${name}"`,
    where: 'alibi-zarr',
    remedy: near === undefined ? `Choose one of ${names.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function overview(): string {
  const lines = commands.map(({ spec }) => `  ${spec.name.padEnd(10)} ${spec.summary}`);
  return [
    'alibi-zarr: segment OME-Zarr with a vision transformer',
    '',
    'Usage: alibi-zarr COMMAND [arguments] [flags]',
    '',
    ...lines,
    '',
    'Flags of a command: alibi-zarr COMMAND --help',
  ].join('\n');
}
