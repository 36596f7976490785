import { readFile } from 'node:fs/promises';
import type { ValidateOutput } from 'alibi-zarr-schemas';
import { AlibiError } from '../../errors.ts';
import { parseJson } from '../../ome/metadata-file.ts';
import { validateAttributes, validateStore } from '../../ome/validate.ts';
import type { Command } from '../command.ts';
import { type Flags, invalid } from '../flags.ts';
import type { Io } from '../io.ts';
import { openLocation } from '../open-location.ts';
import { signerFlag, signerOf } from '../signers.ts';

const name = 'validate';

export const validate: Command = {
  spec: {
    name,
    summary: 'Check a store, or the attributes of one group, against the specification',
    positionals: ['[STORE]'],
    flags: {
      attributes: {
        type: 'string',
        value: 'FILE.json',
        help: 'check this file instead of a store: .zattrs (0.4), attributes of zarr.json (0.5)',
      },
      version: { type: 'string', value: '0.4|0.5', help: 'version the attributes are checked against' },
      strict: { type: 'boolean', help: 'also ask for what the specification recommends' },
      ...signerFlag,
    },
    examples: ['validate image.zarr', 'validate --attributes .zattrs --version 0.4 --strict'],
  },
  async run(flags, io) {
    const output = await verdict(flags, io);
    io.out(JSON.stringify(output));
    return output.valid ? 0 : 1;
  },
};

async function verdict(flags: Flags, io: Io): Promise<ValidateOutput> {
  const strict = flags.has('strict');
  const file = flags.text('attributes');
  const [source] = flags.positionals;
  if ((file === undefined) === (source === undefined)) {
    throw invalid('one thing to check is wanted', { name }, 'Give either a store or --attributes FILE.json.');
  }
  if (file !== undefined) {
    const version = flags.text('version');
    if (version !== '0.4' && version !== '0.5') {
      throw invalid(
        `--version is ${version ?? 'missing'}`,
        { name },
        'Write --version 0.4 or --version 0.5.',
      );
    }
    return plain(validateAttributes(await readJsonFile(file), { version, strict }));
  }
  if (flags.has('version')) {
    throw invalid('--version goes with --attributes', { name }, 'Leave it out: a store says its version.');
  }
  const opened = await openLocation(source!, io.signal, await signerOf(flags));
  try {
    return plain(await validateStore(opened, { strict, signal: io.signal }));
  } finally {
    await opened.close();
  }
}

function plain({ valid, message }: { readonly valid: boolean; readonly message?: string }): ValidateOutput {
  return { valid, ...(message === undefined ? {} : { message }) };
}

async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AlibiError('NotFound', {
      what: cause instanceof Error ? cause.message : String(cause),
      where: path,
      remedy: 'Give the path of a JSON file.',
      cause,
    });
  });
  return parseJson(bytes, path);
}
