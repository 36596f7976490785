import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ZstdEncoder } from '../stores/compression.ts';

/** Which Node has and its types lack. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

let library: ReturnType<typeof loadLibrary> | undefined;

/** Four times as fast as numcodecs' (docs/decisions/0021). */
export const fastZstd: ZstdEncoder = async (bytes, level) => {
  library ??= loadLibrary();
  const { compress } = await library;
  return compress(bytes, level);
};

async function loadLibrary() {
  const zstd = await import('@bokuweb/zstd-wasm');
  const main = createRequire(import.meta.url).resolve('@bokuweb/zstd-wasm');
  // Its `init` waits for ever where the WebAssembly cannot be compiled.
  const path = join(dirname(main), 'zstd.wasm');
  if (!WebAssembly.validate(await readFile(path))) throw new Error(`${path} is damaged`);
  await zstd.init();
  return zstd;
}
