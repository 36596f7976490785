import { visible } from '../markup.ts';

/** Text that is text in Markdown too, also in a cell of a table: nothing in it is markup, a link or HTML. */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_[\]<>|~&]/g, '\\$&')
    .replace(/^[-+#]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replaceAll('://', ':\\//');
}

/** Text as code, whatever backticks it holds. Not for tables, whose cells end at a bar even in code. */
export function markdownCode(text: string): string {
  const clean = visible(text).replace(/\s+/g, ' ');
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const room = longest > 0 || clean.startsWith(' ') || clean === '' ? ' ' : '';
  return `${fence}${room}${clean}${room}${fence}`;
}

/** @param rows  cells that are Markdown already */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
