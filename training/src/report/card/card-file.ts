import { readFile } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';

const BEGIN = '<!-- alibi-train report: begin. What lies between these lines is written anew each time. -->';
const END = '<!-- alibi-train report: end -->';
const BLOCK = /<!-- alibi-train report: begin[^\n]*-->[\s\S]*<!-- alibi-train report: end -->/;

/**
 * The whole file a card becomes: a new one with a title; of one that is there, what lies between its two marks is replaced and
 * everything else, which people wrote, stays.
 *
 * @throws AlibiError  Conflict: the file is there and has no marks
 */
export async function cardFile(
  path: string,
  { title, body }: { title: string; body: string },
): Promise<string> {
  const block = `${BEGIN}\n\n${body}\n${END}`;
  const old = await readOld(path);
  if (old === undefined) return `# ${title}\n\n${block}\n`;
  if (BLOCK.test(old)) return old.replace(BLOCK, () => block);
  throw new AlibiError('Conflict', {
    what: 'the file is there already and has no place for a generated card',
    where: path,
    remedy: `Name another file, or put these two lines where it belongs: ${BEGIN} and ${END}`,
  });
}

async function readOld(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new AlibiError('PermissionDenied', {
      what: 'the card that is there cannot be read',
      where: path,
      remedy: 'Name another file.',
      cause,
    });
  }
}
