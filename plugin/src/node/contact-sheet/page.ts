/** One picture of a sheet, or why it is not there. */
export interface SheetEntry {
  readonly title: string;
  /** Classes with their share, largest first; colours are `rrggbb`. */
  readonly legend: readonly { readonly text: string; readonly color: string }[];
  readonly picture:
    | {
        readonly kind: 'png';
        readonly bytes: Uint8Array;
        readonly widthPx: number;
        readonly heightPx: number;
      }
    | { readonly kind: 'failed'; readonly error: string };
}

/** Nothing is loaded and nothing runs: the file is safe to open wherever its text came from. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

const style = `:root{color-scheme:light dark;--line:#8884}
body{font:14px/1.4 system-ui,sans-serif;margin:24px;max-width:none}
h1{font-size:18px;margin:0 0 4px;overflow-wrap:anywhere}
p{margin:0 0 16px;opacity:.75}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:16px}
figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
img{display:block;width:100%;height:220px;object-fit:contain;background:#000}
.failed{height:196px;padding:12px;overflow:auto;background:#a332}
figcaption{padding:8px 10px;overflow-wrap:anywhere}
figcaption ul{list-style:none;margin:4px 0 0;padding:0;font-size:12px}
figcaption i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px;border:1px solid var(--line)}`;

export function pageStart(title: string, about: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(about)}</p>
<main>
`;
}

export function figure({ title, legend, picture }: SheetEntry): string {
  const shown =
    picture.kind === 'png'
      ? `<img alt="${escapeHtml(title)}" width="${picture.widthPx}" height="${picture.heightPx}" src="data:image/png;base64,${Buffer.from(picture.bytes).toString('base64')}">`
      : `<div class="failed">${escapeHtml(picture.error)}</div>`;
  const items = legend.map(
    ({ text, color }) => `<li><i style="background:#${color}"></i>${escapeHtml(text)}</li>`,
  );
  const list = items.length === 0 ? '' : `<ul>${items.join('')}</ul>`;
  return `<figure>${shown}<figcaption>${escapeHtml(title)}${list}</figcaption></figure>\n`;
}

export const pageEnd = '</main>\n</html>\n';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
