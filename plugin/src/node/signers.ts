import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AwsV4Signer } from 'aws4fetch';
import { AlibiError } from '../errors.ts';
import type { SignedRequest, Signer } from '../stores/signer.ts';
import type { FlagSpec, Flags } from './flags.ts';

/** For commands that read from and write to servers. Secrets never come by a flag: others see command lines. */
export const signerFlag: Readonly<Record<string, FlagSpec>> = {
  signer: {
    type: 'string',
    value: 'MODULE',
    help: 'JavaScript module whose sign(request) signs each request to a server; else AWS_ACCESS_KEY_ID … sign it',
  },
};

/**
 * Who signs the requests of a command: the module of `--signer`, else the credentials in the environment
 * (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`), else nobody.
 *
 * @throws AlibiError InvalidInput  the module cannot be loaded, or exports no function `sign`
 */
export async function signerOf(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Signer | undefined> {
  const path = flags.text('signer');
  return path === undefined ? environmentSigner(environment) : moduleSigner(path);
}

async function moduleSigner(path: string): Promise<Signer> {
  const refused = (what: string, cause?: unknown) =>
    new AlibiError('InvalidInput', {
      what,
      where: path,
      remedy: 'Name a JavaScript module that exports function sign({ method, url, headers, body }).',
      cause,
    });
  const exported: unknown = await import(pathToFileURL(resolve(path)).href).catch((cause: unknown) => {
    throw refused(`the signer cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, cause);
  });
  const sign = member(exported, 'sign') ?? member(exported, 'default');
  if (typeof sign !== 'function') throw refused('the signer module exports no function sign');
  return async (request) => parseSigned(await sign(request), path);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** What a module of somebody else has answered. */
function parseSigned(value: unknown, path: string): SignedRequest {
  const url = member(value, 'url');
  const headers = member(value, 'headers') ?? {};
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const sound =
    (value === undefined || typeof value === 'object') &&
    (url === undefined || (typeof url === 'string' && /^https?:/i.test(url))) &&
    entries.every(([, text]) => typeof text === 'string');
  if (sound) {
    const texts = entries.map(([name, text]): [string, string] => [name, String(text)]);
    return { ...(typeof url === 'string' ? { url } : {}), headers: Object.fromEntries(texts) };
  }
  throw new AlibiError('InvalidInput', {
    what: 'the signer answered neither nothing nor { url, headers } of texts',
    where: path,
    remedy: 'Let sign return { headers: { name: value } }, or { url } with a presigned http(s) address.',
  });
}

/** AWS Signature Version 4 for S3 and what is compatible with it, over headers and body. */
function environmentSigner(environment: Readonly<Record<string, string | undefined>>): Signer | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = environment.AWS_SESSION_TOKEN;
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1';
  return async ({ method, url, headers, body }) => {
    const digest = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signer = new AwsV4Signer({
      method,
      url,
      headers: { ...headers, 'x-amz-content-sha256': digest },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken ? { sessionToken } : {}),
      service: 's3',
      region,
    });
    const signed = await signer.sign();
    return { url: signed.url.href, headers: Object.fromEntries(signed.headers) };
  };
}
