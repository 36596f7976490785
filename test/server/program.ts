import { type ChildProcess, spawn } from 'node:child_process';

/** A server program that a test has started. */
export interface RunningProgram {
  /** Ends it and waits until it has. */
  close(): Promise<void>;
}

/**
 * Start a server and wait until it answers at `url`, whatever the answer.
 *
 * @throws Error  with what it has printed, where it ends or does not answer in time
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  { url, env = {}, timeoutMs = 60_000 }: { url: string; env?: Record<string, string>; timeoutMs?: number },
): Promise<RunningProgram> {
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output = `${output}${data}`.slice(-8000);
    });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const until = Date.now() + timeoutMs;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop(child, ended);
      throw new Error(`${command} does not answer at ${url}: ${output}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  return { close: () => stop(child, ended) };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return true;
    },
    () => false,
  );
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null) child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(late);
}
