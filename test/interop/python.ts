import { spawnSync } from 'node:child_process';
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
