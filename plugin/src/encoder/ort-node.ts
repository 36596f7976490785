import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AlibiError } from '../errors.ts';
import { assertByteLimit } from '../stores/byte-limit.ts';
import type { Backend } from './backend.ts';
import type { ModelReader } from './manifest.ts';
import { openOrtSession, SESSION_OPTIONS } from './ort-session.ts';

/** ONNX Runtime's own CPU provider, for work without a browser. Loaded when first needed: it is optional. */
export function nodeBackend(options: { readonly threads?: number } = {}): Backend {
  return {
    provider: 'cpu',
    graphs: ['fused', 'plain'],
    async obstacle() {
      try {
        await import('onnxruntime-node');
        return undefined;
      } catch (error) {
        return `onnxruntime-node cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
    async open(model) {
      const ort = await import('onnxruntime-node');
      return openOrtSession(ort, model, {
        ...SESSION_OPTIONS,
        executionProviders: ['cpu'],
        ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      });
    },
  };
}

/** Reads a checkpoint from the file system. */
export function fileReader(manifestPath: string): ModelReader {
  return {
    location: manifestPath,
    manifestName: basename(manifestPath),
    async read(path, { signal, onProgress, byteLimit }) {
      const found = await stat(join(dirname(manifestPath), path)).catch(() => undefined);
      assertByteLimit(found?.size ?? 0, byteLimit, `${manifestPath}, ${path}`);
      try {
        const file = await readFile(
          join(dirname(manifestPath), path),
          signal === undefined ? {} : { signal },
        );
        onProgress?.({ bytes: file.length });
        // A small file lies in a pool that Node shares between files: give the caller bytes of its own.
        return new Uint8Array(file);
      } catch (cause) {
        if (signal?.aborted) throw signal.reason;
        throw new AlibiError('NotFound', {
          what: `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
          where: manifestPath,
          remedy: 'Give the path of a manifest.json with its files beside it.',
          cause,
        });
      }
    },
  };
}
