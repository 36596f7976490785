import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main } from '../../src/node/cli.ts';
import { type TinyOptions, tinyCheckpoint } from '../encoder/tiny-checkpoint.ts';

export interface Outcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** The one object of `--json`. */
  json(): unknown;
}

/** Run the command line in this process, with what it prints caught. */
export async function call(argv: readonly string[], signal = new AbortController().signal): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(argv, { out: (line) => out.push(line), err: (line) => err.push(line), signal });
  return { code, out, err, json: () => JSON.parse(out.join('\n')) };
}

/** @returns the manifest's path */
export async function writeTinyCheckpoint(folder: string, options: TinyOptions = {}): Promise<string> {
  const checkpoint = await tinyCheckpoint(options);
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of checkpoint.files) await writeFile(join(folder, name), bytes);
  const manifest = await checkpoint.read(checkpoint.manifestName, {});
  await writeFile(join(folder, 'manifest.json'), manifest);
  return join(folder, 'manifest.json');
}
