import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What is known of a file on disk, kept beside it: for an unfinished one what to go on with, for a whole one its hash. */
export interface PullRecord {
  readonly url: string;
  readonly sha256: string | null;
  readonly validator: string | null;
  readonly bytes: number | null;
}

/** Beside `weights.pth`: `.weights.pth.pull.json`. */
export function recordPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.pull.json`);
}

/** @returns undefined where there is none that can be read: it is a convenience, not the file */
export async function readRecord(path: string): Promise<PullRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(recordPath(path), 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const fields = new Map<string, unknown>(Object.entries(value));
    const text = (name: string): string | null => {
      const field = fields.get(name);
      return typeof field === 'string' ? field : null;
    };
    const bytes = fields.get('bytes');
    const url = text('url');
    if (url === null) return undefined;
    return {
      url,
      sha256: text('sha256'),
      validator: text('validator'),
      bytes: typeof bytes === 'number' ? bytes : null,
    };
  } catch {
    return undefined;
  }
}

export async function writeRecord(path: string, record: PullRecord): Promise<void> {
  await writeFile(recordPath(path), `${JSON.stringify(record)}\n`);
}
