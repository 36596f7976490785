import { once, setMaxListeners } from 'node:events';

/** What a command talks to: the process, or a test's own. */
export interface Io {
  /** One line of the result, without its line end. */
  out(line: string): void;
  /** Resolves when what was put out has been taken: for tables larger than memory. Absent where nothing has to wait. */
  drained?(): Promise<void>;
  /** One line for people: progress, warnings, errors. */
  err(line: string): void;
  /** Text that overwrites the current line of a terminal; absent where stderr is none. */
  readonly status?: (text: string) => void;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
}

/**
 * The process itself. The first interrupt (Ctrl-C) aborts the signal so that work can end in order, the
 * second ends the process at once.
 *
 * @returns  the io, and a function that lets go of the process
 */
export function processIo(): { readonly io: Io; readonly release: () => void } {
  const controller = new AbortController();
  // One listener a chunk under way: many is no leak here.
  setMaxListeners(0, controller.signal);
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  interruptOnBrokenPipe(controller);
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  const io: Io = {
    out: (line) => process.stdout.write(`${line}\n`),
    async drained() {
      if (process.stdout.writableNeedDrain)
        await once(process.stdout, 'drain', { signal: controller.signal });
    },
    err: (line) => process.stderr.write(`${line}\n`),
    ...(process.stderr.isTTY ? { status: (text: string) => process.stderr.write(`\r\u001b[K${text}`) } : {}),
    signal: controller.signal,
  };
  const release = () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  };
  return { io, release };
}

/** Who is to be told that whoever read our output has had enough (`| head`). */
let reading: AbortController | undefined;

/** One listener a process. It stays when the process is let go of: a broken pipe may be told late. */
function interruptOnBrokenPipe(controller: AbortController): void {
  if (reading === undefined) {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      reading?.abort();
    });
  }
  reading = controller;
}
