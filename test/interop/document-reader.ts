import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = readFileSync(fileURLToPath(new URL('../../docs/reading-results.md', import.meta.url)), 'utf8');

/** The reader of that name in the documents, at most five lines long. */
export function reader(name: string): string {
  const [, code] = new RegExp(`\`\`\`python\\n# ${name}:[^\\n]*\\n([^]*?)\`\`\``).exec(page) ?? [];
  if (code === undefined) throw new Error(`no reader "${name}" in docs/reading-results.md`);
  if (code.trim().split('\n').length > 5) throw new Error(`the reader "${name}" has more than five lines`);
  return code;
}
