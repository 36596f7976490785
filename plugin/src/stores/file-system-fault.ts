import { AlibiError } from '../errors.ts';

/**
 * What the File System Access API has thrown, with what to do about it.
 *
 * @param where  such as `folder/labels/a`
 */
export function fileSystemFault(error: unknown, where: string, data: AlibiError['data'] = {}): AlibiError {
  if (error instanceof AlibiError) return error;
  const name = error instanceof Error ? error.name : '';
  const denied =
    name === 'NotAllowedError' || name === 'NoModificationAllowedError' || name === 'SecurityError';
  return new AlibiError(denied ? 'PermissionDenied' : 'Environment', {
    what: error instanceof Error && error.message !== '' ? error.message : String(error),
    where,
    remedy: remedies[name] ?? 'Pick the folder again and retry.',
    cause: error,
    data,
  });
}

/** The quota of the origin, or the disk, is used up. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}

const remedies: Readonly<Record<string, string>> = {
  NotAllowedError: 'Pick the folder again and allow the page to read and change it.',
  SecurityError: 'Pick another folder: browsers do not open system folders.',
  NoModificationAllowedError: 'Close whatever else has the file open, then save again.',
  QuotaExceededError: 'Free some space, or save to another place.',
  NotReadableError: 'The file changed or became unreadable; open the image again.',
};
