import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { AlibiError } from 'alibi-zarr/checkpoint';

/** A Python script that answers lines of JSON with lines of JSON. */
export interface PythonPeer {
  /** What the script says of itself first. */
  readonly versions: string;
  /** One question at a time. @throws AlibiError  Environment: the script ended without an answer */
  ask(question: object): Promise<unknown>;
  close(): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Start a script whose first line is `{"versions": text}`. An abort ends the process.
 *
 * @throws AlibiError  Environment: no such Python, or the script ended at once (it lacks a library)
 */
export async function openPythonPeer(
  python: string,
  script: string,
  signal: AbortSignal,
): Promise<PythonPeer> {
  signal.throwIfAborted();
  const child: Child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  // A script that has ended takes no more questions: its end is what gets reported.
  child.stdin.on('error', () => {});
  const ended = new Promise<AlibiError>((resolve) => {
    child.on('error', (cause) => resolve(failed('it cannot be started', python, cause)));
    child.on('close', () => resolve(failed(said.join('').trim().split('\n').at(-1) || 'it ended', python)));
  });
  const onAbort = (): boolean => child.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line = await Promise.race([lines.next(), ended]);
    signal.throwIfAborted();
    if (line instanceof AlibiError) throw line;
    if (line.done) throw await ended;
    return JSON.parse(line.value);
  };
  const first = await answer();
  return {
    versions: versionsOf(first),
    ask: (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer();
    },
    close: async () => {
      signal.removeEventListener('abort', onAbort);
      child.stdin.end();
      await ended;
    },
  };
}

function versionsOf(answer: unknown): string {
  const isText = typeof answer === 'object' && answer !== null && 'versions' in answer;
  return isText ? String(answer.versions) : 'versions not said';
}

function failed(what: string, python: string, cause?: unknown): AlibiError {
  return new AlibiError('Environment', {
    what,
    where: python,
    remedy: 'Name a Python that has scikit-image and scikit-learn with --python.',
    cause,
  });
}
