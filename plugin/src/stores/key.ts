import { AlibiError } from '../errors.ts';

/**
 * The segments of a store key: `/a/b` → `['a', 'b']`, each usable as a file name.
 *
 * @throws InvalidInputError  the key is not absolute, or has an empty, `.` or `..` segment: such a key
 *                            could leave the folder or the URL a store was opened on; or half a character (a lone
 *                            surrogate), which no URL and no file name can hold
 */
export function keySegments(key: string): string[] {
  const [first, ...segments] = key.split('/');
  const sound =
    first === '' &&
    segments.length > 0 &&
    segments.every((s) => s !== '' && s !== '.' && s !== '..' && !/[\\\0]|\p{Surrogate}/u.test(s));
  if (sound) return segments;
  throw new AlibiError('InvalidInput', {
    what: `"${key}" is not a store key`,
    where: 'store key',
    remedy: 'Pass an absolute path such as /0/c/0/0, without empty, "." or ".." parts.',
  });
}

/** `/path/name` for a path with or without slashes at its ends; `''` and `/` are the root. */
export function joinKey(path: string, name: string): `/${string}` {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? `/${name}` : `/${trimmed}/${name}`;
}
