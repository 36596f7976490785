import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const interpreter = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

/** Whether the Python environment of `test/interop/requirements.txt` is at `.venv`. */
export function hasPython(): boolean {
  return existsSync(interpreter);
}

/**
 * Run a script of this folder with `input` as JSON on its standard input.
 *
 * @returns  what it printed, parsed
 * @throws Error  with what it wrote to standard error
 */
export function runPython(script: string, input: unknown): unknown {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const run = spawnSync(interpreter, [path], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`${script} failed: ${run.stderr || run.error}`);
  return JSON.parse(run.stdout);
}

/** The same without blocking this process, for scripts that read from a server in it. */
export async function startPython(script: string, input: unknown): Promise<unknown> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(interpreter, [path], { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  child.stdin.end(JSON.stringify(input));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${script} failed: ${err}`);
  return JSON.parse(out);
}
