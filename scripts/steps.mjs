// What the scripts share: running a program, and making sure that what it needs is there. Node's own modules only, since
// these scripts are what a fresh clone runs first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';

export const root = fileURLToPath(new URL('../', import.meta.url));
export const inRoot = (...parts) => resolve(root, ...parts);
/** A program of an installed package. */
export const bin = (name) => inRoot('node_modules/.bin', process.platform === 'win32' ? `${name}.cmd` : name);

/** Something is wrong that the reader can mend; its text is all there is to say. */
export class StepError extends Error {}

export function say(text) {
  console.log(process.stdout.isTTY ? `\x1b[1m▸ ${text}\x1b[0m` : `▸ ${text}`);
}

/**
 * Run a program in the repository's root with our own input and output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & {quiet?: boolean}} [options]  quiet: collect the output
 * @returns {Promise<{code: number, output: string}>}  output is empty unless quiet
 */
export function run(command, args, { quiet = false, ...options } = {}) {
  return new Promise((done, fail) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const shell = process.platform === 'win32' && command.endsWith('.cmd');
    const child = spawn(command, args, { cwd: root, stdio, shell, ...options });
    let output = '';
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.on('error', fail);
    child.on('close', (code, signal) => done({ code: code ?? (signal ? 1 : 0), output }));
  });
}

/** Run a program that has to succeed. */
export async function must(command, args, failure, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new StepError([output.trim(), failure].filter(Boolean).join('\n'));
}

/** Install the npm packages where they are missing or not those of the lock file. */
export async function ensureInstalled() {
  if (installed()) return;
  say('Installing the npm packages of package-lock.json');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await must(npm, ['ci', '--no-audit', '--no-fund'], 'npm ci failed: is the npm registry within reach?');
}

function installed() {
  const read = (path) => JSON.parse(readFileSync(inRoot(path), 'utf8')).packages;
  if (!existsSync(inRoot('node_modules/.package-lock.json'))) return false;
  const there = read('node_modules/.package-lock.json');
  // Packages of other platforms are in the lock file only, and are optional.
  return Object.entries(read('package-lock.json')).every(
    ([path, { version, link, optional }]) =>
      !path.startsWith('node_modules/') || link || optional || there[path]?.version === version,
  );
}

/** The newest modification below some paths, in ms since 1970; 0 where there is nothing. */
export async function newest(paths) {
  const times = await Promise.all(
    paths.map(async (path) => {
      const full = inRoot(path);
      if (!existsSync(full)) return 0;
      const stats = statSync(full);
      if (!stats.isDirectory()) return stats.mtimeMs;
      const entries = await readdir(full);
      return newest(entries.map((entry) => join(path, entry)));
    }),
  );
  return Math.max(0, ...times);
}

/** Sources of what `npm run build` makes. */
const sources = [
  'schemas/src',
  'plugin/src',
  'plugin/models',
  'training/src',
  'viewer-demo/src',
  'viewer-demo/index.html',
  'viewer-demo/vite.config.ts',
  'tsconfig.base.json',
  'package-lock.json',
];

/** Build where a source is newer than the build. */
export async function ensureBuilt() {
  const built = existsSync(inRoot('viewer-demo/dist/index.html'))
    ? statSync(inRoot('viewer-demo/dist/index.html')).mtimeMs
    : 0;
  if ((await newest(sources)) < built) return;
  await must(process.execPath, [inRoot('scripts/build.mjs')], 'The build failed.');
}

/** Generate the sample images where they are missing or made by an older generator. */
export async function ensureSamples() {
  const index = inRoot('viewer-demo/public/samples/index.json');
  const made = existsSync(index) ? statSync(index).mtimeMs : 0;
  if ((await newest(['viewer-demo/samples', 'scripts/make-samples.mjs'])) < made) return;
  await must(process.execPath, [inRoot('scripts/make-samples.mjs')], 'Making the sample images failed.');
}

/**
 * A Chromium, installed through apt where there is none and apt may be used.
 *
 * @returns {Promise<string | undefined>}  why there is none, if there is none
 */
export async function ensureChromium() {
  if (findChromium()) return undefined;
  await aptInstall(['chromium']);
  return findChromium()
    ? undefined
    : 'no Chromium: install Chromium or Chrome, or name it in the environment variable CHROMIUM';
}

/** The servers that tests save labels to, through apt where it may be used; their tests skip where they are missing. */
export async function ensureServers() {
  if (existsSync('/usr/sbin/nginx') || existsSync('/usr/local/sbin/nginx')) return;
  await aptInstall(['nginx', 'libnginx-mod-http-dav-ext']);
}

/** Python with the readers of test/interop/requirements.txt, in .venv; or why not. */
export async function ensurePython() {
  const requirements = inRoot('test/interop/requirements.txt');
  const stamp = inRoot('.venv/requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  if (!has('python3')) return 'no python3: install Python 3.11 or newer with its venv module';
  say('Installing the Python readers of test/interop/requirements.txt in .venv');
  if (!existsSync(inRoot('.venv/bin/pip'))) {
    const venv = () => run('python3', ['-m', 'venv', '.venv'], { quiet: true });
    if ((await venv()).code !== 0) {
      await aptInstall(['python3-venv']);
      const again = await venv();
      if (again.code !== 0) return `python3 -m venv failed: ${again.output.trim().split('\n').at(-1)}`;
    }
  }
  const pip = await run(
    '.venv/bin/pip',
    ['install', '-q', '--disable-pip-version-check', '-r', requirements],
    { quiet: true },
  );
  if (pip.code !== 0)
    return `pip could not install test/interop/requirements.txt: ${pip.output.trim().split('\n').at(-1)}`;
  const { writeFileSync } = await import('node:fs');
  writeFileSync(stamp, wanted);
  return undefined;
}

/** Whether a program is on PATH and answers to --version. */
export function has(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Through apt, as root or with a sudo that asks nothing; quietly not at all elsewhere, the caller looks again. */
export async function aptInstall(packages) {
  if (process.platform !== 'linux' || !has('apt-get')) return;
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return;
  const apt = (...args) =>
    asRoot
      ? run('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
      : run('sudo', ['-n', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]);
  say(`Installing ${packages.join(', ')} through apt`);
  await apt('update', '-qq');
  await apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
}

/** Run a script's main function; a StepError is said in words, anything else with its stack. */
export async function main(body) {
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? process.exitCode ?? 0;
  } catch (error) {
    console.error(error instanceof StepError ? error.message : error);
    process.exitCode = 1;
  }
}
