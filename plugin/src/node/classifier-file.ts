import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AlibiError } from '../errors.ts';
import { classifierOnnx } from '../segment/classifier-onnx.ts';
import { type OpenedClassifier, readClassifier, writeClassifier } from '../segment/portable.ts';
import { assertWritableFile } from './cannot-write.ts';
import { assertFilePlace } from './file-sink.ts';

/** Larger than any classifier of ours by two orders of magnitude. */
const byteLimit = 512 * 2 ** 20;

/**
 * Read a classifier's JSON.
 *
 * @throws AlibiError NotFound      no such file
 * @throws AlibiError InvalidInput  it is no classifier
 */
export async function openClassifierFile(path: string): Promise<OpenedClassifier> {
  return readClassifier(await readJsonFile(path), path);
}

/**
 * @throws AlibiError NotFound      no such file
 * @throws AlibiError InvalidInput  it is no JSON, or larger than 512 MiB
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AlibiError('NotFound', {
      what: 'the file cannot be read',
      where: path,
      remedy: 'Give the path of a file.',
      cause,
    });
  });
  try {
    if (bytes.byteLength > byteLimit) throw new RangeError('too large');
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: path.endsWith('.onnx') ? 'the ONNX file says nothing of features' : 'it is no JSON',
      where: path,
      remedy: path.endsWith('.onnx')
        ? 'Give the .json beside it.'
        : 'Give a .json file that alibi-zarr wrote.',
      cause,
    });
  }
}

/** Where a classifier goes: `x.json` and `x.onnx` for `x`, `x.json` or `x.onnx`. */
export function classifierPaths(path: string): { readonly json: string; readonly onnx: string } {
  const stem = path.replace(/\.(json|onnx)$/i, '');
  return { json: `${stem}.json`, onnx: `${stem}.onnx` };
}

/**
 * @throws AlibiError Conflict      a file that `--classifier-out` names is there and `overwrite` is not set
 * @throws AlibiError InvalidInput  it cannot be written
 */
export async function assertClassifierPlace(path: string, overwrite: boolean): Promise<void> {
  for (const file of Object.values(classifierPaths(path))) {
    await assertFilePlace(file, overwrite);
    await assertWritableFile(file);
  }
}

/** Write both files; each is there whole or not at all. */
export async function writeClassifierFiles(path: string, classifier: OpenedClassifier) {
  const paths = classifierPaths(path);
  await mkdir(dirname(resolve(path)), { recursive: true });
  await replace(paths.onnx, classifierOnnx(classifier.fit));
  await replace(paths.json, `${JSON.stringify(writeClassifier(classifier))}\n`);
  return paths;
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.part-${process.pid}`;
  await writeFile(fresh, content);
  await rename(fresh, path);
}
