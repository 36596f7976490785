// Headers and libraries of one TensorFlow: the project's own C archive where it is within reach, else the Python wheel, which
// holds the same libraries. CUDA comes with wheels only.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { aptInstall, inRoot, must, run, StepError, say } from './steps.mjs';

/** Any Python that the wheel is built for: of the wheel only headers and libraries are used. */
const WHEEL_PYTHON = '3.12';
const REACH_MS = 4000;

/**
 * @param {{version: string, gpu: boolean, work: string}} options  work: an empty folder of the caller's
 * @returns {Promise<{source: string, include: string, lib: string}>}  lib: work/kept/lib; beside it nvidia, for CUDA
 * @throws StepError  neither is within reach
 */
export async function fetchLibtensorflow({ version, gpu, work }) {
  const lib = join(work, 'kept/lib');
  await mkdir(lib, { recursive: true });
  const archive = gpu || process.arch !== 'x64' ? undefined : await reachable(archiveUrl(version));
  if (archive !== undefined) {
    const include = await unpackArchive(archive, { work, lib });
    return { source: 'the C archive of the TensorFlow project', include, lib };
  }
  const python = await findPip();
  const wheel = await download(python, wheelName(gpu), version, work);
  say('Unpacking headers and libraries');
  await unpack(
    python,
    wheel,
    work,
    String.raw`tensorflow/(libtensorflow\w*\.so\.2|include/(tensorflow/c|tensorflow/core/platform|tsl|xla/tsl)/.*\.h)$`,
  );
  const { code } = await run('mv', [
    join(work, 'tensorflow/libtensorflow_cc.so.2'),
    join(work, 'tensorflow/libtensorflow_framework.so.2'),
    lib,
  ]);
  if (code !== 0)
    throw new StepError(`The wheel of TensorFlow ${version} does not hold libtensorflow_cc.so.2.`);
  if (gpu) await addCuda(python, wheel, work);
  return { source: `the wheel ${wheelName(gpu)} from PyPI`, include: join(work, 'tensorflow/include'), lib };
}

/** `tensorflow` is with CUDA on x86-64; for arm64 there is no other, and it is without. */
const wheelName = (gpu) => (gpu || process.arch !== 'x64' ? 'tensorflow' : 'tensorflow-cpu');

/** TFJS_NODE_CDN_STORAGE names a mirror, as it does for tfjs-node's own script. */
function archiveUrl(version) {
  const host = (process.env.TFJS_NODE_CDN_STORAGE || 'https://storage.googleapis.com/').replace(/\/?$/, '/');
  return `${host}tensorflow/versions/${version}/libtensorflow-cpu-linux-x86_64.tar.gz`;
}

async function reachable(url) {
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(REACH_MS) });
    if (response.ok) return url;
    say(`${url} answers ${response.status}: taking the wheel from PyPI`);
  } catch {
    say(`${new URL(url).host} is out of reach: taking the wheel from PyPI`);
  }
  return undefined;
}

/** The archive: include/ and lib/; the libraries under the names that they are linked by. */
async function unpackArchive(url, { work, lib }) {
  say(`Downloading ${url}`);
  const file = join(work, 'libtensorflow.tar.gz');
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new StepError(`${url} answers ${response.status}.`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
  const [, expected] = /md5=([\w+/=]+)/.exec(response.headers.get('x-goog-hash') ?? '') ?? [];
  const md5 = createHash('md5');
  for await (const chunk of createReadStream(file)) md5.update(chunk);
  if (expected !== undefined && md5.digest('base64') !== expected) {
    throw new StepError(`${url} arrived damaged: its MD5 is not the server's. Run it again.`);
  }
  await must('tar', ['-xzf', file, '-C', work], `${url} cannot be unpacked.`);
  for (const name of ['libtensorflow', 'libtensorflow_framework']) {
    const versions = (await readdir(join(work, 'lib'), { withFileTypes: true }))
      .filter((entry) => entry.isFile() && new RegExp(`^${name}\\.so\\.2`).test(entry.name))
      .map((entry) => entry.name);
    if (versions[0] === undefined) throw new StepError(`${url} holds no ${name}.so.2.`);
    await rename(join(work, 'lib', versions[0]), join(lib, `${name}.so.2`));
  }
  return join(work, 'include');
}

/** A Python that has pip: the project's own .venv, the system's, or the system's once apt has installed pip. */
async function findPip() {
  const candidates = [inRoot('.venv/bin/python'), 'python3'];
  const find = async () => {
    for (const python of candidates) {
      if (python !== 'python3' && !existsSync(python)) continue;
      const { code } = await run(python, ['-m', 'pip', '--version'], { quiet: true }).catch(() => ({
        code: 1,
      }));
      if (code === 0) return python;
    }
    return undefined;
  };
  const there = await find();
  if (there !== undefined) return there;
  await aptInstall(['python3', 'python3-pip']);
  const installed = await find();
  if (installed !== undefined) return installed;
  throw new StepError(
    'There is no python3 with pip, which fetches TensorFlow: install it (Debian, Ubuntu: apt install python3-pip; Fedora: dnf install python3-pip).',
  );
}

/** @returns {Promise<string>}  path of the wheel */
async function download(python, name, requirement, work) {
  const wanted = /^\d/.test(requirement) ? `${name}==${requirement}` : `${name}${requirement}`;
  say(`Downloading ${wanted} from PyPI`);
  const folder = join(work, 'wheels', name);
  await must(
    python,
    [
      ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-cache-dir', '--no-deps'],
      ...(process.stdout.isTTY ? [] : ['--quiet']),
      ...['--only-binary=:all:', '--python-version', WHEEL_PYTHON, '--dest', folder, wanted],
    ],
    `pip cannot download ${wanted}: is PyPI (or the index of pip's configuration) within reach?`,
  );
  const [wheel] = await readdir(folder);
  return join(folder, wheel);
}

/** The entries of a wheel that match, below a folder; a wheel is a zip. */
async function unpack(python, wheel, folder, pattern) {
  const program =
    'import re, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z: z.extractall(sys.argv[2], [n for n in z.namelist() if re.match(sys.argv[3], n)])';
  await must(python, ['-c', program, wheel, folder, pattern], `${wheel} cannot be unpacked.`);
}

/** NVIDIA's libraries as the wheel's metadata asks for them, where its libraries look: ../nvidia/NAME/lib. */
async function addCuda(python, wheel, work) {
  await unpack(python, wheel, work, String.raw`[^/]*\.dist-info/METADATA$`);
  const { output } = await run('sh', ['-c', 'cat "$1"/*.dist-info/METADATA', 'sh', work], { quiet: true });
  const wanted = [...output.matchAll(/^Requires-Dist: (nvidia-[\w-]+) *([^;\n]*); *extra == "and-cuda"/gm)];
  if (wanted.length === 0)
    throw new StepError('The wheel names no NVIDIA libraries in its extra "and-cuda".');
  for (const [, name, requirement] of wanted) {
    const cuda = await download(python, name, requirement.trim(), work);
    await unpack(python, cuda, join(work, 'kept'), String.raw`nvidia/[^/]+/lib/[^/]+\.so`);
  }
}
