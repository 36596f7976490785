import type { ExecutionProvider } from '../encoder/encoder.ts';

/** A time in words, rounded as far as it can be trusted: `3 s`, `2 min`, `1.5 h`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return 'a moment';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Bytes in words: `21.6 MB`. */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`;
}

const providers: Readonly<Record<ExecutionProvider, string>> = {
  webgpu: 'WebGPU',
  'wasm-threads': 'WebAssembly, several threads',
  wasm: 'WebAssembly, one thread',
  cpu: 'processor',
};

export function providerName(provider: ExecutionProvider): string {
  return providers[provider];
}

/** A clause of an error as the beginning of a sentence. */
export function sentence(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}

/** `1 stroke`, `2 strokes`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** A remedy without the flags of the command line, which mean nothing in a page. */
export function withoutFlag(remedy: string): string {
  return remedy.replaceAll(/ \(--[\w-]+\)/g, '');
}
