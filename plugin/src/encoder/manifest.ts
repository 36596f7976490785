import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { sha256 } from '../array/fit.ts';
import { AlibiError, isAbort } from '../errors.ts';
import { fetchBytes } from './fetch-bytes.ts';
import { parseManifest } from './parse-manifest.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** `totalBytes` is what the manifest says; absent for the manifest itself and the self-test's answer. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly totalBytes?: number }) => void;
  /** A longer file is refused as soon as that is known. */
  readonly byteLimit?: number;
}

/** Manifests have some kilobytes. */
const manifestByteLimit = 16 * 2 ** 20;
/** A file of ONNX is below 2 GiB, as every protobuf message. */
const graphByteLimit = 2 ** 31;
/** The stored answer to the self-test: float32 of a few windows. */
const otherByteLimit = 256 * 2 ** 20;

/** Reads files by their path relative to the manifest, from wherever a checkpoint lies. */
export interface ModelReader {
  /** Of the manifest: a URL or a path, for messages. */
  readonly location: string;
  /** The manifest's own name in its folder. */
  readonly manifestName: string;
  read(path: string, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
}

export interface Checkpoint {
  readonly manifest: CheckpointManifest;
  readonly location: string;
  /** sha256 (hex) of the manifest's bytes; as it holds the hashes of all other files, it names the model. */
  readonly sha256: string;
  /**
   * A file named in the manifest, its hash verified.
   *
   * @returns the caller owns the bytes
   * @throws AlibiError Integrity  the file is not the one the manifest names; `data` has both hashes
   * @throws AlibiError NotFound, Network  it could not be read
   */
  readonly readFile: (path: string, options?: ReadOptions) => Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Load a checkpoint's manifest.
 *
 * @param source  URL of manifest.json, or a reader of the folder it lies in
 * @throws AlibiError UnsupportedFormat  not a manifest; NotFound, Network  it could not be read
 */
export async function loadManifest(
  source: string | URL | ModelReader,
  options: ReadOptions = {},
): Promise<Checkpoint> {
  const reader = typeof source === 'string' || source instanceof URL ? httpReader(source) : source;
  const { location } = reader;
  const bytes = await reader.read(reader.manifestName, { ...options, byteLimit: manifestByteLimit });
  const manifest = parseManifest(parseJson(bytes, location), location);
  const hashes = new Map([...manifest.graphs, manifest.selfTest].map((file) => [file.path, file.sha256]));
  const sizes = new Map(manifest.graphs.map((file) => [file.path, file.bytes]));
  return {
    manifest,
    location,
    sha256: await hashOf(bytes, location),
    async readFile(path, readOptions = {}) {
      const expected = hashes.get(path);
      if (expected === undefined) throw notListed(path, location);
      const { onProgress } = readOptions;
      const totalBytes = sizes.get(path);
      const file = await reader.read(path, {
        ...readOptions,
        byteLimit: Math.min(totalBytes ?? otherByteLimit, graphByteLimit),
        ...(onProgress === undefined || totalBytes === undefined
          ? {}
          : { onProgress: ({ bytes }) => onProgress({ bytes, totalBytes }) }),
      });
      readOptions.signal?.throwIfAborted();
      const actual = await hashOf(file, path);
      if (actual !== expected) throw changed({ path, location, expected, actual, bytes: file.length });
      return file;
    },
  };
}

function httpReader(source: string | URL): ModelReader {
  const base = globalThis.location?.href;
  const url = base === undefined ? new URL(source) : new URL(source, base);
  return {
    location: url.href,
    manifestName: url.href,
    read: (path, options) => fetchBytes(new URL(path, url), options),
  };
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'the manifest is not JSON',
      where,
      remedy: 'Point at a manifest.json written by "alibi-train convert".',
      cause,
    });
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>, where: string): Promise<string> {
  try {
    return await sha256(bytes);
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw new AlibiError('Environment', {
      what: 'files cannot be verified: this page has no crypto.subtle',
      where,
      remedy: 'Serve the page over https or from localhost.',
      cause,
    });
  }
}

function notListed(path: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `the manifest names no file "${path}"`,
    where,
    remedy: 'Ask for one of its graphs or its self-test.',
  });
}

function changed(file: {
  readonly path: string;
  readonly location: string;
  readonly expected: string;
  readonly actual: string;
  readonly bytes: number;
}): AlibiError {
  return new AlibiError('Integrity', {
    what: `${file.path} (${file.bytes} bytes) has sha256 ${file.actual}, the manifest says ${file.expected}`,
    where: file.location,
    remedy: 'Download or convert the checkpoint again.',
    data: file,
  });
}
