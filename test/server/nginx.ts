import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startProgram } from './program.ts';

const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path));
const davModule = '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so';

/** Why there is no nginx to test with; undefined where there is. */
export function nginxMissing(): string | undefined {
  return program === undefined
    ? 'nginx is not installed (Debian: nginx, libnginx-mod-http-dav-ext)'
    : undefined;
}

export interface Nginx {
  /** `http://127.0.0.1:PORT`; PUT and DELETE go below it. */
  readonly url: string;
  /** Folder that is served. */
  readonly root: string;
  close(): Promise<void>;
}

/** An nginx of its own with WebDAV and CORS, as a facility would set it up: `docs/saving.md` shows the same lines. */
export async function startNginx(): Promise<Nginx> {
  if (program === undefined) throw new Error(nginxMissing());
  const folder = await mkdtemp(join(tmpdir(), 'alibi-nginx-'));
  const root = join(folder, 'served');
  await mkdir(root);
  // The worker processes of an nginx that root starts are another user's.
  for (const path of [folder, root]) await chmod(path, 0o777);
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), configuration({ folder, root, port }));
  const url = `http://127.0.0.1:${port}`;
  const running = await startProgram(
    program,
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
    {
      url,
    },
  );
  return {
    url,
    root,
    async close() {
      await running.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration({ folder, root, port }: { folder: string; root: string; port: number }): string {
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
${existsSync(davModule) ? `load_module ${davModule};` : ''}
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    client_max_body_size 1g;
    add_header Access-Control-Allow-Origin * always;
    add_header Access-Control-Allow-Methods "GET, HEAD, PUT, DELETE, OPTIONS" always;
    add_header Access-Control-Allow-Headers "Authorization, Content-Type, If-Match, If-None-Match, Range" always;
    add_header Access-Control-Expose-Headers "Content-Length, Content-Range, ETag" always;
    add_header Cross-Origin-Resource-Policy cross-origin always;
    location / {
      dav_methods PUT DELETE;
      create_full_put_path on;
      if ($request_method = OPTIONS) { return 204; }
    }
  }
}
`;
}
