// tfjs-node's own install script: libtensorflow 2.9.1 (older ones on some platforms) and a binding built for it, from the
// TensorFlow project's storage.
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inRoot, must, say } from './steps.mjs';

const REACH_MS = 4000;

/**
 * @param {string} name  the npm package
 * @param {boolean} gpu
 * @returns {Promise<string>}  how it was made, in a few words
 * @throws StepError
 */
export async function installOfficial(name, gpu) {
  say(`Running the install script of ${name}`);
  const path = [inRoot('node_modules/.bin'), process.env.PATH].join(delimiter);
  await must(
    process.execPath,
    ['scripts/install.js', ...(gpu ? ['gpu'] : []), ...(gpu ? ['download'] : [])],
    `The install script of ${name} fails: is ${storage()} within reach?`,
    { cwd: inRoot('node_modules', name), env: { ...process.env, PATH: path } },
  );
  return "tfjs-node's own download";
}

/**
 * @param {string} name
 * @param {boolean} gpu
 * @returns {Promise<string | undefined>}  why its download is no option here, if it is none
 */
export async function officialReason(name, gpu) {
  // A proxy that the script knows how to use and fetch does not: let it try.
  if (process.env.HTTPS_PROXY || process.env.https_proxy) return undefined;
  const { version } = JSON.parse(readFileSync(join(inRoot('node_modules', name), 'package.json'), 'utf8'));
  const system = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform];
  if (system === undefined) return `there is none for ${process.platform}`;
  const kind = gpu ? 'GPU' : 'CPU';
  const extension = system === 'windows' ? 'zip' : 'tar.gz';
  const url = `${storage()}tf-builds/pre-built-binary/napi-v8/${version}/${kind}-${system}-${version}.${extension}`;
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(REACH_MS) });
    return response.ok ? undefined : `${url} answers ${response.status}`;
  } catch {
    return `${new URL(url).host} is out of reach`;
  }
}

function storage() {
  return (process.env.TFJS_NODE_CDN_STORAGE || 'https://storage.googleapis.com/').replace(/\/?$/, '/');
}
