// npm start: whatever is missing (packages, build, samples), then the demo in the browser.
//   npm start -- --port 8090 --host 127.0.0.1 --no-open
import { spawn } from 'node:child_process';
import { option, serveDemo } from './serve-demo.mjs';
import { ensureBuilt, ensureInstalled, ensureSamples, main, say } from './steps.mjs';

await main(async (args) => {
  await ensureInstalled();
  await ensureBuilt();
  await ensureSamples();
  const host = option(args, 'host', '127.0.0.1');
  const { url, close } = await serveDemo({ host, port: Number(option(args, 'port', 8090)) });
  say(`alibi-zarr: ${url}   (Ctrl-C ends it)`);
  if (host !== '127.0.0.1' && host !== 'localhost')
    say('Others on the network can read it; saving into the samples is off.');
  if (!args.includes('--no-open')) openBrowser(url);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => close().then(() => process.exit(0)));
});

/** Where there is a display; whether it works is the desktop's business, the address stands above. */
function openBrowser(url) {
  const { platform, env } = process;
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return;
  const [command, ...args] =
    platform === 'darwin'
      ? ['open', url]
      : platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
