import { AlibiError } from '../errors.ts';

/**
 * Refuse what is longer than its reader can use, before it is read.
 *
 * @param bytes  length of the value, or as much of it as is known
 * @param limit  absent: any length will do
 * @param where  key or address
 * @throws InvalidInputError  it is longer
 */
export function assertByteLimit(bytes: number, limit: number | undefined, where: string): void {
  if (limit === undefined || bytes <= limit) return;
  throw new AlibiError('InvalidInput', {
    what: `the file is longer than the ${limit} bytes that it can sensibly have`,
    where,
    remedy: 'Copy or write it again; it is damaged, or not what the metadata says.',
    data: { bytes, limit },
  });
}
