import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { cardSection } from './card/card-section.ts';
import type { InputFile } from './inputs/read-inputs.ts';
import { type Content, html, type Markup, styleElement } from './markup.ts';
import type { MeasuredBench, MeasuredCell, MeasuredNumbers } from './measured-numbers.ts';
import type { NamedResult } from './named-results.ts';
import { numberTable } from './number-table.ts';
import { counted, numberText } from './number-text.ts';
import type { FigureGroup, ReportFigure } from './report-figure.ts';
import { shownPath } from './shown-path.ts';
import { STYLE } from './style.ts';

export interface PageContent {
  readonly title: string;
  readonly figures: readonly ReportFigure[];
  readonly results: readonly NamedResult[];
  readonly numbers: MeasuredNumbers;
  readonly manifests: readonly { readonly sha256: string; readonly manifest: CheckpointManifest }[];
  readonly files: readonly InputFile[];
  /** The report's own. */
  readonly command: string;
}

/** Nothing is fetched and no script runs: enforced by the page itself, wherever it is opened. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The whole report as one file. */
export function reportPage(content: PageContent): string {
  const { title, figures } = content;
  const drawn = figures.filter(isDrawn);
  const page = html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>${styleElement(STYLE)}</head><body><main><header><h1>${title}</h1><p class="lead">${summary(content, drawn.length)}</p>${modelTable(content.results)}${contents(figures)}</header>${figures.map(section)}${numberSection(content.numbers)}${cards(content)}${commandSection(content.numbers)}${colophon(content)}</main></body></html>`;
  return `<!doctype html>\n${page}\n`;
}

function isDrawn({ groups }: ReportFigure): boolean {
  return groups.length > 0;
}

function summary({ results, files }: PageContent, drawn: number): string {
  const models = new Set(results.map(({ label }) => label)).size;
  const images = new Set(results.flatMap(({ result }) => imagesOf(result))).size;
  return `${counted(models, 'checkpoint')} on ${counted(images, 'image')}; ${counted(drawn, 'figure')} drawn from ${counted(files.length, 'file')}. The figures are those of arXiv:2603.16840, from numbers measured here; each says which command made it.`;
}

function imagesOf(result: NamedResult['result']): string[] {
  if ('folders' in result) {
    return result.folders.flatMap(({ name, images }) => images.map((image) => `${name}/${image.name}`));
  }
  if (!('images' in result)) return [];
  return result.images.map((image) => (typeof image === 'string' ? image : image.name));
}

function modelTable(results: readonly NamedResult[]): Content {
  const labels = [...new Set(results.map(({ label }) => label))];
  if (labels.length === 0) return null;
  return numberTable({
    caption: 'Checkpoints',
    columns: ['checkpoint', 'position', 'weights', 'SHA-256 of its manifest when measured'],
    rows: labels.map((label) => {
      const own = results.filter((named) => named.label === label).map(({ result }) => result.model);
      const hashes = [...new Set(own.flatMap(({ manifestSha256 }) => manifestSha256 ?? []))];
      const shown = hashes.length === 0 ? 'none' : hashes.map((hash) => hash.slice(0, 12)).join(', ');
      return [label, own[0]?.position ?? '', own[0]?.precision ?? '', shown];
    }),
  });
}

function contents(figures: readonly ReportFigure[]): Markup {
  return html`<nav aria-label="Figures"><ol>${figures.map(
    (figure) =>
      html`<li${isDrawn(figure) ? null : html` class="absent"`}><a href="#${figure.id}">${figure.name}</a>${isDrawn(figure) ? null : ' (not run)'}</li>`,
  )}<li><a href="#numbers">Numbers</a></li><li><a href="#cards">Model cards</a></li><li><a href="#commands">Commands</a></li></ol></nav>`;
}

function section(figure: ReportFigure): Markup {
  const { id, name, title, reading, groups, run } = figure;
  const body = isDrawn(figure)
    ? html`<p>${reading}</p>${groups.map(groupOf)}`
    : html`<div class="missing">Not run. It is drawn from what this writes:<pre><code>${run}</code></pre></div>`;
  return html`<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h"><span class="number">${name}</span>${title}</h2>${body}</section>`;
}

function groupOf({ settings, content, commands }: FigureGroup): Markup {
  const made =
    commands.length === 0
      ? null
      : html`<div class="made">Made by${commands.map((command) => html`<pre><code>${command}</code></pre>`)}</div>`;
  return html`<figure style="margin:0"><figcaption class="settings">${settings}</figcaption>${content}${made}</figure>`;
}

function numberSection({ benches }: MeasuredNumbers): Markup {
  const tables = benches.map(benchTable);
  return html`<section id="numbers"><h2>Numbers</h2><p>${
    tables.length === 0
      ? 'No result of a bench was given.'
      : 'What every bench says in a few numbers. The small figure leads to the command that made a number; words below a number hold for those that follow, too.'
  }</p>${tables}</section>`;
}

function benchTable({ title, labels, rows }: MeasuredBench): Markup {
  return numberTable({
    caption: title,
    columns: ['number', ...labels],
    rows: rows.map(({ name, note, cells }, i) => [
      html`${name}${note === '' || note === rows[i - 1]?.note ? null : html`<small>${note}</small>`}`,
      ...cells.map((cell) => (cell === null ? null : cellOf(cell))),
    ]),
  });
}

function cellOf({ value, command }: MeasuredCell): Markup {
  return html`${numberText(value)}<sup><a href="#command-${command + 1}">${command + 1}</a></sup>`;
}

function cards({ manifests }: PageContent): Markup {
  const content =
    manifests.length === 0
      ? html`<div class="missing">No manifest was given: add <code>--manifest manifest.json</code>.</div>`
      : manifests.map(({ manifest, sha256 }) => cardSection(manifest, sha256));
  return html`<section id="cards"><h2>Model cards</h2>${content}</section>`;
}

function commandSection({ commands }: MeasuredNumbers): Markup {
  return html`<section id="commands"><h2>Commands</h2>${commands.length === 0 ? html`<p>None.</p>` : null}<ol class="commands">${commands.map(
    (command, i) => html`<li id="command-${i + 1}"><code>${command}</code></li>`,
  )}</ol></section>`;
}

function colophon({ files, command }: PageContent): Markup {
  return html`<footer>${numberTable({
    caption: 'Read',
    columns: ['file', 'what', 'SHA-256'],
    rows: files.map(({ file, kind, sha256 }) => [shownPath(file), kind, html`<code>${sha256}</code>`]),
  })}<p>Written by <code>${command}</code>. One file: no script, nothing fetched.</p></footer>`;
}
