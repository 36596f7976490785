import type { Io } from 'alibi-zarr/command-line';

/** An {@link Io} that keeps what it is told. */
export function capturedIo(signal: AbortSignal = new AbortController().signal): {
  readonly io: Io;
  readonly out: string[];
  readonly err: string[];
} {
  const out: string[] = [];
  const err: string[] = [];
  return { io: { out: (line) => out.push(line), err: (line) => err.push(line), signal }, out, err };
}
