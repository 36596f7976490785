import { AlibiError, asAlibiError, isAbort } from 'alibi-zarr/node';
import { convert } from './convert.ts';
import { CONVERT_HELP, parseConvert } from './convert-arguments.ts';

const HELP = `alibi-train <command>

  convert <weights> --out <dir>   a public checkpoint as an ONNX graph with a manifest
  verify <manifest>               compare a checkpoint's answers between execution providers

Each command has --help and --json. Exit codes: 0 done, 1 a check answered no, 2 bad input or environment.`;

/** @param argv  arguments after the program's name; @returns the exit code: 0, 1, 2 or 130 */
export async function main(argv: string[]): Promise<number> {
  const [command, ...rest] = argv;
  try {
    switch (command) {
      case 'convert':
        return await runConvert(rest);
      case undefined:
      case '--help':
      case 'help':
        process.stdout.write(`${HELP}\n`);
        return command === undefined ? 2 : 0;
      default:
        throw new AlibiError('InvalidInput', {
          what: `there is no command ${JSON.stringify(command)}`,
          where: 'alibi-train',
          remedy: 'See alibi-train --help.',
        });
    }
  } catch (error) {
    if (isAbort(error)) {
      process.stderr.write('alibi-train: interrupted; nothing was kept.\n');
      return 130;
    }
    process.stderr.write(`alibi-train: ${asAlibiError(error, 'alibi-train').message}\n`);
    return 2;
  }
}

async function runConvert(argv: readonly string[]): Promise<number> {
  const command = parseConvert(argv);
  if (command.help) {
    process.stdout.write(`${CONVERT_HELP}\n`);
    return 0;
  }
  const onProgress = (text: string): void => void process.stderr.write(`${text}\n`);
  const { manifest, scheme } = await convert({ ...command.options, onProgress });
  const [graph] = manifest.graphs;
  if (command.json)
    process.stdout.write(`${JSON.stringify({ out: command.options.out, scheme, manifest })}\n`);
  else
    process.stdout.write(`${manifest.name}: ${graph?.path}, ${graph?.bytes} bytes (${graph?.precision})\n`);
  return 0;
}
