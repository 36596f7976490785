import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { startProgram } from './program.ts';

const interpreter = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

/** Why there is no S3-compatible server to test with; undefined where there is. */
export function motoMissing(): string | undefined {
  const found = spawnSync(interpreter, ['-c', 'import moto.server']).status === 0;
  return found ? undefined : 'moto is not in .venv, see test/interop/requirements.txt';
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Moto {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** A bucket that only signed requests may read and write. */
  readonly bucket: string;
  /** Of a user who may do everything. */
  readonly credentials: Credentials;
  close(): Promise<void>;
}

/**
 * An S3-compatible server that checks signatures: moto lets a few requests in unsigned, which make a user with keys, and
 * verifies all that follow.
 *
 * @param options.checked  false: any signature will do, as for addresses that are presigned, which moto cannot verify
 */
export async function startMoto({ checked = true }: { readonly checked?: boolean } = {}): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const setUp = [
    { Action: 'CreateUser', UserName: 'saver', Version: '2010-05-08' },
    {
      Action: 'PutUserPolicy',
      UserName: 'saver',
      PolicyName: 'everything',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
      }),
      Version: '2010-05-08',
    },
    { Action: 'CreateAccessKey', UserName: 'saver', Version: '2010-05-08' },
  ];
  const bucket = 'labels';
  const running = await startProgram(
    interpreter,
    ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    {
      // Asked whether it is up by a path that is no action.
      url: `${url}/moto-api/`,
      env: {
        ...(checked ? { INITIAL_NO_AUTH_ACTION_COUNT: String(setUp.length + 1) } : {}),
        S3_IGNORE_SUBDOMAIN_BUCKETNAME: '1',
      },
    },
  );
  try {
    await fetch(`${url}/${bucket}`, { method: 'PUT', headers: { authorization: unsigned('s3') } });
    let answer = '';
    for (const action of setUp) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: unsigned('iam'), 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(action),
      });
      answer = await response.text();
      if (!response.ok) throw new Error(`moto answered ${response.status} to ${action.Action}: ${answer}`);
    }
    const element = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1] ?? '';
    return {
      url,
      bucket,
      credentials: { accessKeyId: element('AccessKeyId'), secretAccessKey: element('SecretAccessKey') },
      close: () => running.close(),
    };
  } catch (error) {
    await running.close();
    throw error;
  }
}

/** Tells moto which service is meant; it does not look at the signature yet. */
function unsigned(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`;
}
