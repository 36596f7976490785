import { AlibiError } from '../errors.ts';

/** Longest name in UTF-8 bytes that every file system takes as one folder's name. */
const byteLimit = 255;

/**
 * A label image's name becomes one folder below `labels/`, on any file system and in any URL.
 *
 * @throws AlibiError InvalidInput  with what is wrong with the name
 */
export function assertLabelName(name: string): void {
  const wrong = problem(name);
  if (wrong === undefined) return;
  throw new AlibiError('InvalidInput', {
    what: `the label name ${JSON.stringify(name)} ${wrong}`,
    where: 'name of the label image',
    remedy: 'Choose a plain name such as "phases" or "nuclei_2".',
  });
}

function problem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (/[/\\]/.test(name)) return 'contains a slash';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'contains a control character';
  if (/[:*?"<>|#%]/.test(name)) return 'contains one of : * ? " < > | # %';
  if (name.startsWith('.')) return 'starts with a dot';
  if (name.startsWith('__') || name === 'zarr.json' || name === 'c') return 'is reserved by Zarr';
  if (/[. ]$/.test(name) || name.startsWith(' ')) return 'starts or ends with a space or ends with a dot';
  if (new TextEncoder().encode(name).length > byteLimit) return `is longer than ${byteLimit} bytes`;
  return undefined;
}
