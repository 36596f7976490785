// Making the native addon of @tensorflow/tfjs-node: libtensorflow (scripts/libtensorflow.mjs), compiled against, put in place
// and checked by a training step. What was made is kept in the user's cache, so that other clones need a moment.
import { existsSync } from 'node:fs';
import {
  constants,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fetchLibtensorflow } from './libtensorflow.mjs';
import { aptInstall, has, inRoot, must, run, StepError, say } from './steps.mjs';
import { installOfficial, officialReason } from './tensorflow-official.mjs';

/** What both ways to libtensorflow, the archive and the wheel, are asked for. */
const TENSORFLOW = '2.21.0';
const NAPI = 8;

/**
 * The addon, made where it is missing or does not compute.
 *
 * @param {{gpu?: boolean, force?: boolean, official?: boolean}} [options]
 * @returns {Promise<{package: string, tensorflow: string, usesGpu: boolean, how: string}>}
 * @throws StepError  it cannot be made here: why, and what to install
 */
export async function setupTensorflow({ gpu = false, force = false, official = false } = {}) {
  const name = gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  await ensurePackage(name);
  if (!force && existsSync(addonOf(name))) {
    const { failure, ...answer } = await trainingStep(name);
    if (!failure) return done(name, answer, 'already there');
    say(`The addon that is there does not compute (${failure}): making it again`);
  }
  const how = official ? await installOfficial(name, gpu) : await build(name, { gpu, force });
  const { failure, ...answer } = await trainingStep(name);
  if (failure) {
    throw new StepError(
      `The addon of ${name} was made, but its training step fails: ${failure}\nTry: npm run setup:tensorflow -- ${gpu ? '--gpu ' : ''}--force`,
    );
  }
  return done(name, answer, how);
}

/**
 * The addon for tests, as quickly as can be: what passed its training step once is not asked again.
 *
 * @returns {Promise<string | undefined>}  why there is none, if there is none
 */
export async function ensureTensorflow() {
  const name = '@tensorflow/tfjs-node';
  if (existsSync(addonOf(name)) && existsSync(stampOf(name))) return undefined;
  try {
    await setupTensorflow();
    return undefined;
  } catch (error) {
    if (error instanceof StepError) return error.message.trim().replaceAll(/\s*\n\s*/g, '; ');
    throw error;
  }
}

const packageDir = (name) => inRoot('node_modules', name);
const addonOf = (name) => join(packageDir(name), `lib/napi-v${NAPI}/tfjs_binding.node`);
const stampOf = (name) => join(packageDir(name), 'deps/checked.json');

async function done(name, answer, how) {
  await mkdir(dirname(stampOf(name)), { recursive: true });
  await rm(stampOf(name), { force: true });
  await writeFile(stampOf(name), JSON.stringify(answer));
  return { package: name, how, ...answer };
}

/** The npm package: the one for the processor is a dependency, the one for CUDA (same sources) is not. */
async function ensurePackage(name) {
  if (existsSync(join(packageDir(name), 'binding'))) return;
  const { version } = JSON.parse(
    await readFile(inRoot('node_modules/@tensorflow/tfjs-core/package.json'), 'utf8'),
  );
  say(`Installing ${name} ${version}`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await must(
    npm,
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`],
    `npm could not install ${name}: is the npm registry within reach?`,
  );
}

async function trainingStep(name) {
  const { code, output } = await run(process.execPath, [inRoot('scripts/tensorflow-check.mjs'), name], {
    quiet: true,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const lines = output.trim().split('\n');
  const answer = lines.findLast((line) => line.startsWith('{"tensorflow"'));
  if (code === 0 && answer !== undefined) return JSON.parse(answer);
  const reason = lines.find((line) => /Error|cannot open|GLIBC|not found/.test(line)) ?? lines.at(-1);
  return { failure: (reason || `the process ended with ${code}`).trim() };
}

/** @returns {Promise<string>}  how it was made, in a few words */
async function build(name, { gpu, force }) {
  const obstacle = await missingForBuild();
  if (obstacle) {
    const reason = await officialReason(name, gpu);
    if (reason) throw new StepError(`${obstacle}\nNor is tfjs-node's own download an option: ${reason}`);
    say(`${obstacle} Taking tfjs-node's own download instead, which is an older TensorFlow.`);
    return installOfficial(name, gpu);
  }
  const kept = cacheDir(gpu);
  const from = `${kept}/complete`;
  if (force) await rm(kept, { recursive: true, force: true });
  const wasThere = existsSync(from);
  if (!wasThere) await make(name, { gpu, kept });
  await place(kept, name);
  const source = await readFile(from, 'utf8');
  return wasThere ? `${source}, from ${kept}` : source;
}

/** What a build needs and cannot be had; g++ is installed through apt where that may be. */
async function missingForBuild() {
  if (process.platform !== 'linux') return 'The addon is built on Linux only.';
  if (!has('g++')) await aptInstall(['g++']);
  if (!has('g++'))
    return 'There is no g++: install it (Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++).';
  return undefined;
}

function cacheDir(gpu) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const kind = `${gpu ? 'gpu' : 'cpu'}-${process.platform}-${process.arch}`;
  return join(cache, 'alibi-train/tensorflow', `${TENSORFLOW}-napi${NAPI}-${kind}`);
}

/** Libraries and addon into the cache; whole or not at all. */
async function make(name, { gpu, kept }) {
  const work = await mkdtemp(join(tmpdir(), 'alibi-tensorflow-'));
  try {
    const { source, include, lib } = await fetchLibtensorflow({ version: TENSORFLOW, gpu, work });
    say(`Compiling the addon against TensorFlow ${TENSORFLOW}`);
    await compile(name, { include, lib });
    await writeFile(join(lib, '../complete'), source);
    await mkdir(dirname(kept), { recursive: true });
    await rm(kept, { recursive: true, force: true });
    await moveFolder(dirname(lib), kept);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** lib/*.so.2 and, from them, tfjs_binding.node beside the folder. */
async function compile(name, { include, lib }) {
  const binding = join(packageDir(name), 'binding');
  const sources = (await readdir(binding))
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(binding, file));
  const libraries = (await readdir(lib)).filter((file) => /^libtensorflow.*\.so\.2$/.test(file));
  const headers = inRoot('node_modules/node-api-headers/include');
  await must(
    'g++',
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NAPI}`],
      ...[headers, include, binding].map((folder) => `-I${folder}`),
      ...sources,
      ...['-o', join(lib, '../tfjs_binding.node'), `-L${lib}`],
      ...libraries.map((file) => `-l:${file}`),
      // From lib/napi-v8 in the package to deps/lib.
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    'The addon does not compile.',
    { quiet: true },
  );
}

/** A rename, or a copy where the cache lies on another file system. */
async function moveFolder(from, to) {
  try {
    await rename(from, to);
  } catch (error) {
    if (error.code !== 'EXDEV') throw error;
    const partial = `${to}.${process.pid}`;
    await linkTree(from, partial);
    await rename(partial, to);
  }
}

/** Out of the cache into the package: deps/lib, deps/nvidia, lib/napi-v8/tfjs_binding.node. */
async function place(kept, name) {
  const dir = packageDir(name);
  await rm(join(dir, 'deps'), { recursive: true, force: true });
  await rm(addonOf(name), { force: true });
  await linkTree(join(kept, 'lib'), join(dir, 'deps/lib'));
  if (existsSync(join(kept, 'nvidia'))) await linkTree(join(kept, 'nvidia'), join(dir, 'deps/nvidia'));
  await mkdir(dirname(addonOf(name)), { recursive: true });
  await linkOrCopy(join(kept, 'tfjs_binding.node'), addonOf(name));
}

async function linkTree(from, to) {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else await linkOrCopy(source, target);
  }
}

/** The libraries are a gigabyte that nobody writes to: one copy a file system is enough. */
async function linkOrCopy(source, target) {
  try {
    await link(source, target);
  } catch {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  }
}
