import type { Pulled } from './pull.ts';

/** The command that makes a checkpoint for the viewer of what was pulled; undefined for weights that are not known. */
export function convertLine({ known, files }: Pulled): string | undefined {
  const weights = files.at(-1);
  if (known === undefined || weights === undefined) return undefined;
  const name = known.name.replaceAll('_', '-');
  const argv = [weights.path, ...known.convert, '--source', weights.url, '--name', name, '--out', name];
  return ['alibi-train', 'convert', ...argv].map(quoted).join(' ');
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w.,:=/@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
