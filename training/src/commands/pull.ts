import { resolve } from 'node:path';
import { isAbort } from 'alibi-zarr/checkpoint';
import { type Command, type CommandSpec, type Flags, Interrupted, type Io } from 'alibi-zarr/command-line';
import type { PullListOutput, PullOutput } from 'alibi-zarr-schemas';
import { invalidFlag, toggle, valued } from '../flag-values.ts';
import { CATALOGUE } from '../pull/catalogue.ts';
import { convertLine } from '../pull/convert-line.ts';
import { defaultCache, type Pulled, type PullOptions, pull as pullCheckpoint } from '../pull/pull.ts';
import { pullProgress } from '../pull/pull-progress.ts';
import { DEFAULT_ENDPOINT } from '../pull/target.ts';

const spec: CommandSpec = {
  program: 'alibi-train',
  name: 'pull',
  summary:
    'Fetch published weights: a known NAME (see --list), owner/repository or owner/repository/file of the Hugging Face hub, or the URL of a file; resumed where it was cut off, checked against their hash, kept',
  positionals: ['[NAME|URL]'],
  flags: {
    list: toggle('the checkpoints known by name'),
    out: valued('DIR', 'put the files right there (default: a folder of their own in the cache)'),
    endpoint: valued('URL', `a mirror with the hub's URLs (default: $HF_ENDPOINT, else ${DEFAULT_ENDPOINT})`),
    revision: valued('REV', 'branch, tag or commit (default: main)'),
    sha256: valued('HEX', 'what the weights must hash to, where the server does not say'),
    force: toggle('fetch again what is there, and replace it'),
  },
  examples: [
    'pull alibi_dv2_vits14_reg4',
    'pull facebook/dinov2-with-registers-small --endpoint https://mirror.example.org',
    'pull https://example.org/weights.safetensors --out weights',
  ],
};

/** `pull`: HF_TOKEN in the environment opens gated repositories; ALIBI_TRAIN_CACHE moves the cache. */
export const pull: Command = {
  spec,
  async run(flags, io) {
    const [text] = flags.positionals;
    if (flags.has('list')) return list(flags, io);
    if (text === undefined) throw invalidFlag('it is missing', 'NAME|URL');
    const progress = pullProgress(io);
    const options = { ...optionsOf(flags), signal: io.signal, onNotice: io.err, onProgress: progress.update };
    const pulled = await pullCheckpoint(text, options).catch((error: unknown) => {
      throw isAbort(error) && progress.started()
        ? new Interrupted('what was fetched is kept: the same command goes on with it')
        : error;
    });
    progress.end();
    say(pulled, flags, io);
    return 0;
  },
};

/** @throws AlibiError  InvalidInput naming the flag */
function optionsOf(flags: Flags): Omit<PullOptions, 'signal'> {
  const { env } = process;
  const endpoint = flags.text('endpoint') ?? (env.HF_ENDPOINT || DEFAULT_ENDPOINT);
  if (!/^https?:\/\/[^/]/.test(endpoint) || !URL.canParse(endpoint)) {
    throw invalidFlag(`"${endpoint}" is not an http(s) URL`, '--endpoint');
  }
  const sha256 = flags.text('sha256')?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw invalidFlag('it is 64 hexadecimal digits', '--sha256');
  }
  const out = flags.text('out');
  const token = env.HF_TOKEN?.trim();
  return {
    endpoint,
    revision: flags.text('revision') ?? 'main',
    out: out === undefined ? undefined : resolve(out),
    cache: resolve(defaultCache(env)),
    sha256,
    force: flags.has('force'),
    token: token === '' ? undefined : token,
  };
}

function say(pulled: Pulled, flags: Flags, io: Io): void {
  const convert = convertLine(pulled);
  if (flags.has('json')) {
    const output: PullOutput = {
      name: pulled.known?.name ?? null,
      files: pulled.files.map((file) => ({ ...file })),
      convert: convert ?? null,
    };
    io.out(JSON.stringify(output));
    return;
  }
  for (const { path, bytes, sha256, from, checked } of pulled.files) {
    const how = checked === 'nothing' ? 'hash not checked' : `checked by ${CHECKS[checked]}`;
    io.out(
      `${path}: ${bytes} bytes, ${from === 'cache' ? 'was there' : 'fetched'}, ${how}, SHA-256 ${sha256}`,
    );
  }
  if (convert !== undefined) io.out(`Convert it:\n${convert}`);
}

const CHECKS = {
  sha256: 'its SHA-256',
  'git-sha1': "git's id of its content",
  recorded: 'the hash it had when it was pulled',
} as const;

function list(flags: Flags, io: Io): 0 {
  if (flags.has('json')) {
    const output: PullListOutput = {
      checkpoints: CATALOGUE.map(({ name, repository, files, about, gated }) => ({
        name,
        repository,
        files: [...files],
        about,
        gated,
      })),
    };
    io.out(JSON.stringify(output));
    return 0;
  }
  const width = Math.max(...CATALOGUE.map(({ name }) => name.length));
  for (const { name, repository, about, gated } of CATALOGUE) {
    io.out(`${name.padEnd(width)}  ${about} (${repository}${gated ? '; gated: needs HF_TOKEN' : ''})`);
  }
  return 0;
}
