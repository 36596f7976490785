import type { WindowGrid } from 'alibi-zarr/checkpoint';
import { invalidFlag, whole } from './flag-values.ts';

/** `rows,cols,overlap` in tokens. @throws AlibiError  InvalidInput naming the flag */
export function windowOf(text: string, flag: string): WindowGrid {
  const [rows, cols, overlap, extra] = text.split(',').map((part) => whole(part, flag, 0));
  const valid = extra === undefined && rows !== undefined && cols !== undefined && overlap !== undefined;
  if (!valid || rows < 1 || cols < 1 || 2 * overlap > Math.min(rows, cols)) {
    throw invalidFlag('it is rows,cols,overlap in tokens, the overlap at most half a window', flag);
  }
  return { rows, cols, overlap };
}

const WINDOW = /^\d+,\d+,\d+$/;

/**
 * Several window grids behind one flag: `--windows "14,14,0 16,16,2"`, or without quotes, where all but the first arrive
 * among the arguments.
 */
export function windowsOf(
  text: string,
  positionals: readonly string[],
  flag: string,
): { readonly windows: readonly WindowGrid[]; readonly positionals: readonly string[] } {
  const texts = [...text.split(/[\s;]+/), ...positionals.filter((part) => WINDOW.test(part))];
  return {
    windows: texts.filter((part) => part !== '').map((part) => windowOf(part, flag)),
    positionals: positionals.filter((part) => !WINDOW.test(part)),
  };
}
