import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { html, type Markup } from '../markup.ts';
import { numberTable } from '../number-table.ts';
import { architectureFacts, cautions, type Fact, provenanceFacts } from './checkpoint-facts.ts';

/** The card of a checkpoint as a part of the page. */
export function cardSection(manifest: CheckpointManifest, sha256: string): Markup {
  const { name, title, measured } = manifest;
  const facts = [
    ...architectureFacts(manifest),
    ...provenanceFacts(manifest),
    ['SHA-256 of the manifest', sha256] as const,
  ];
  return html`<article class="card"><h3>${title ?? name}</h3>${title === undefined ? null : html`<p><code>${name}</code></p>`}<dl>${facts.map(factOf)}</dl>${
    measured.length === 0
      ? html`<p class="missing">Its manifest records no measured number.</p>`
      : numberTable({
          caption: 'Measured, as its manifest records it',
          columns: ['number', 'value', 'weights', 'on', 'note', 'command'],
          rows: measured.map((one) => [
            one.name,
            one.value,
            precisionOf(one),
            providerOf(one),
            one.note ?? '–',
            html`<code>${one.command}</code>`,
          ]),
        })
  }<ul>${cautions(manifest).map((text) => html`<li>${text}</li>`)}</ul></article>`;
}

function factOf([name, value]: Fact): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

type Measured = CheckpointManifest['measured'][number];

/** Manifests of before precisions were recorded have none. */
export function precisionOf(measured: Measured): string {
  return 'precision' in measured && typeof measured.precision === 'string' ? measured.precision : '–';
}

export function providerOf(measured: Measured): string {
  return 'provider' in measured && typeof measured.provider === 'string' ? measured.provider : '–';
}
