// A reference, to be copied and fitted: answers POST { method, url } with { url }, the same address presigned for one request.
//   BUCKET_URL=https://s3.example.org/bucket ALLOWED_ORIGIN=https://viewer.example.org node presign-server.mjs
// The keys come from the environment and never leave this process.
import { createServer } from 'node:http';
import { AwsClient } from 'aws4fetch';

const { BUCKET_URL = '', ALLOWED_ORIGIN = '', PORT = '8080' } = process.env;
const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = 'us-east-1' } = process.env;
const validForSeconds = 300;

const aws = new AwsClient({
  accessKeyId: AWS_ACCESS_KEY_ID,
  secretAccessKey: AWS_SECRET_ACCESS_KEY,
  region: AWS_REGION,
  service: 's3',
});

/**
 * Who is asking, and what they may do: the facility's own login goes here (check the session cookie or the OIDC token of
 * `request`). Here, a shared token stands for it.
 */
function mayUse(request, method, path) {
  const isUser = request.headers.authorization === `Bearer ${process.env.FACILITY_TOKEN}`;
  const writes = method === 'PUT' || method === 'DELETE';
  return isUser && (!writes || path.includes('/labels/') || /\/(zarr\.json|\.z\w+)$/.test(path));
}

createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'access-control-allow-origin': ALLOWED_ORIGIN,
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-allow-methods': 'POST',
    });
    response.end(JSON.stringify(body ?? {}));
  };
  if (request.method !== 'POST') return answer(204);
  try {
    let text = '';
    for await (const part of request) text += part;
    const { method, url } = JSON.parse(text);
    // As a URL, so that no `..` leads out of the bucket.
    const address = new URL(url);
    const inBucket = address.href.startsWith(`${BUCKET_URL}/`) && address.search === '';
    if (!['GET', 'HEAD', 'PUT', 'DELETE'].includes(method) || !inBucket) return answer(400);
    if (!mayUse(request, method, address.pathname)) return answer(403);
    address.searchParams.set('X-Amz-Expires', String(validForSeconds));
    const signed = await aws.sign(address.href, { method, aws: { signQuery: true } });
    answer(200, { url: signed.url });
  } catch {
    answer(400);
  }
}).listen(Number(PORT), '127.0.0.1');
