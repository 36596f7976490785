import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { CATALOGUE, type KnownCheckpoint, knownCheckpoint } from './catalogue.ts';

export const DEFAULT_ENDPOINT = 'https://huggingface.co';

/** One file to fetch, and where it goes. */
export interface TargetFile {
  readonly name: string;
  readonly url: string;
  readonly path: string;
}

export interface Target {
  readonly known: KnownCheckpoint | undefined;
  /** Page that a person opens to accept terms; undefined for a plain URL. */
  readonly page: string | undefined;
  /** The weights last. */
  readonly files: readonly TargetFile[];
}

export interface TargetOptions {
  /** The hub or a mirror with its URL layout. */
  readonly endpoint: string;
  readonly revision: string;
  /** Files go right into this folder; otherwise each repository has its own below the cache. */
  readonly out: string | undefined;
  readonly cache: string;
}

/**
 * What a person asked for: a known name, `owner/repository`, `owner/repository/file`, or the URL of a file.
 *
 * @throws AlibiError  InvalidInput: none of these
 */
export function parseTarget(text: string, o: TargetOptions): Target {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return urlTarget(text, o);
  const known = knownCheckpoint(text);
  if (known !== undefined) return hubTarget(known.repository, known.files, known, o);
  const [owner, name, ...rest] = text.split('/');
  const parts = [owner, name, ...rest];
  if (owner === undefined || name === undefined || !parts.every(isSegment)) throw unknownName(text);
  const files = rest.length === 0 ? ['config.json', 'model.safetensors'] : [rest.join('/')];
  return hubTarget(`${owner}/${name}`, files, undefined, o);
}

function hubTarget(
  repository: string,
  files: readonly string[],
  known: KnownCheckpoint | undefined,
  o: TargetOptions,
): Target {
  const page = `${o.endpoint.replace(/\/+$/, '')}/${repository}`;
  const revision = o.revision === 'main' ? '' : `@${o.revision.replaceAll(/[^\w.-]/g, '-')}`;
  const folder = o.out ?? join(o.cache, `${repository}${revision}`);
  return {
    known,
    page,
    files: files.map((name) => ({
      name,
      url: `${page}/resolve/${encodeURIComponent(o.revision)}/${name.split('/').map(encodeURIComponent).join('/')}`,
      path: join(folder, ...name.split('/')),
    })),
  };
}

function urlTarget(text: string, o: TargetOptions): Target {
  if (!URL.canParse(text)) throw invalid('it is no URL', text);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw invalid(`${url.protocol} is not fetched`, text, 'Give an http(s) URL; a local file needs no pull.');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('it holds a password', url.host, 'Give the URL without it; HF_TOKEN is for the hub.');
  }
  url.hash = '';
  // The hub's page of a file, which people copy, names the file with blob instead of resolve.
  url.pathname = url.pathname.replace(/^(\/[^/]+\/[^/]+\/)blob\//, '$1resolve/');
  const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '').replaceAll(/[\\/:]/g, '-');
  if (name === '' || !isSegment(name)) throw invalid('it does not end with the name of a file', text);
  const distinct = createHash('sha256').update(url.href).digest('hex').slice(0, 12);
  const folder = o.out ?? join(o.cache, 'url', url.host.replaceAll(':', '-'), distinct);
  const known = CATALOGUE.find(({ repository, files }) => {
    return files.length === 1 && url.pathname.includes(`/${repository}/`) && files[0] === name;
  });
  return { known, page: undefined, files: [{ name, url: url.href, path: join(folder, name) }] };
}

/** No way up, no hidden file, nothing that a file system reads otherwise. */
function isSegment(text: string | undefined): boolean {
  return text !== undefined && /^[^\s.\\:*?"<>|][^\\:*?"<>|]*$/.test(text);
}

function unknownName(text: string): AlibiError {
  return invalid(
    'no checkpoint is known by that name',
    text,
    'See alibi-train pull --list, or give owner/repository, owner/repository/file or a URL.',
  );
}

function invalid(what: string, where: string, remedy = 'Give the URL of a file of weights.'): AlibiError {
  return new AlibiError('InvalidInput', { what, where, remedy });
}
