import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AlibiError, asAlibiError } from 'alibi-zarr/checkpoint';
import type { ConvertOutput } from 'alibi-zarr-schemas';
import { benchSeam } from './bench/bench-seam.ts';
import { convert } from './convert.ts';
import { CONVERT_HELP, parseConvert } from './convert-arguments.ts';
import { verify } from './verify.ts';

const HELP = `alibi-train <command>

  convert <weights> --out <dir>   a public checkpoint as an ONNX graph with a manifest
  verify <manifest>               compare a checkpoint's answers between execution providers
  bench seam <manifest> <png>...  how much the window plan shows in the features

Each command has --help and --json. Exit codes: 0 done, 1 a check answered no, 2 bad input or environment.`;

/** @param argv  arguments after the program's name; @returns the exit code: 0, 1, 2 or 130 */
export async function main(argv: string[]): Promise<number> {
  const [command, ...rest] = argv;
  process.once('SIGINT', interrupted);
  try {
    switch (command) {
      case 'convert':
        return await runConvert(rest);
      case 'verify':
        return await runVerify(rest);
      case 'bench':
        return await runBench(rest);
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
    process.stderr.write(`alibi-train: ${asAlibiError(error, 'alibi-train').message}\n`);
    return 2;
  } finally {
    process.off('SIGINT', interrupted);
  }
}

/** The manifest is written last: without it what lies in the folder is no checkpoint. */
function interrupted(): never {
  process.stderr.write('alibi-train: interrupted; a checkpoint without its manifest.json is not complete.\n');
  process.exit(130);
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
  if (graph === undefined) throw new TypeError('a manifest without graphs was written');
  const { path, precision, bytes, sha256 } = graph;
  const output: ConvertOutput = {
    manifest: join(command.options.out, 'manifest.json'),
    name: manifest.name,
    scheme,
    graph: { path, precision, bytes, sha256 },
  };
  process.stdout.write(
    command.json
      ? `${JSON.stringify(output)}\n`
      : `${output.manifest}: ${manifest.name}, ${precision}, ${bytes} bytes\n`,
  );
  return 0;
}

const VERIFY_HELP = `alibi-train verify <manifest.json>

Runs the checkpoint's graphs with onnxruntime-node and with ONNX Runtime Web's WASM at several token grids and
compares them with each other and with the stored answer of the self-test. Exit 1 where they disagree.

  --json   print the figures on stdout (schemas: verify.schema.json)
  --help`;

async function runVerify(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseVerify(argv);
  if (values.help) {
    process.stdout.write(`${VERIFY_HELP}\n`);
    return 0;
  }
  const [manifest, extra] = positionals;
  if (manifest === undefined || extra !== undefined) throw verifyUsage('one manifest is needed');
  const output = await verify(manifest);
  if (values.json) process.stdout.write(`${JSON.stringify(output)}\n`);
  else {
    for (const check of output.checks) {
      const error = check.relativeError === null ? 'not comparable' : check.relativeError.toExponential(2);
      const grid = `${check.rows}×${check.cols}`;
      process.stdout.write(
        `${check.ok ? 'ok  ' : 'FAIL'} ${check.graph} ${grid} ${check.provider} against ${check.against}: ${error} (≤ ${check.tolerance})\n`,
      );
    }
    for (const { provider, reason } of output.unavailable)
      process.stdout.write(`-    ${provider}: ${reason}\n`);
  }
  return output.agrees ? 0 : 1;
}

function parseVerify(argv: readonly string[]) {
  try {
    const options = {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw verifyUsage(error instanceof Error ? error.message : String(error));
  }
}

function verifyUsage(what: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'verify', remedy: 'See alibi-train verify --help.' });
}

const BENCH_HELP = `alibi-train bench seam <manifest.json> <image.png>...

Centred consistency, plain consistency, seam ratio and cost of the checkpoint's window plan: the mean over the images,
of each of which a centred square of 56×56 tokens is taken (enlarged where the image is smaller).

  --write  store the figures in the manifest
  --json   print the figures on stdout, as the manifest's \`measured\`
  --help`;

async function runBench(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseBench(argv);
  if (values.help) {
    process.stdout.write(`${BENCH_HELP}\n`);
    return 0;
  }
  const [kind, manifest, ...images] = positionals;
  if (kind !== 'seam' || manifest === undefined || images.length === 0) {
    throw benchUsage('"seam", a manifest and at least one image are needed');
  }
  const onProgress = (text: string): void => void process.stderr.write(`${text}\n`);
  const measured = await benchSeam({ manifest, images, write: values.write, onProgress });
  if (values.json) process.stdout.write(`${JSON.stringify({ measured })}\n`);
  else for (const { name, value, note } of measured) process.stdout.write(`${name}: ${value} (${note})\n`);
  return 0;
}

function parseBench(argv: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: { write: flag, json: flag, help: flag },
      allowPositionals: true,
    });
  } catch (error) {
    throw benchUsage(error instanceof Error ? error.message : String(error));
  }
}

function benchUsage(what: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'bench', remedy: 'See alibi-train bench --help.' });
}
