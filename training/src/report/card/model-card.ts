import type { CheckpointManifest } from 'alibi-zarr-schemas';
import type { MeasuredBench, MeasuredNumbers } from '../measured-numbers.ts';
import { numberText } from '../number-text.ts';
import { precisionOf, providerOf } from './card-section.ts';
import { architectureFacts, cautions, type Fact, provenanceFacts } from './checkpoint-facts.ts';
import { markdownCode, markdownTable, markdownText } from './markdown.ts';

export interface ModelCardOptions {
  readonly manifest: CheckpointManifest;
  readonly numbers: MeasuredNumbers;
  /** The report's own, which writes the card. */
  readonly command: string;
}

/** The model card of a checkpoint: every number in it comes from a result or the manifest, with the command that made it. */
export function modelCard({ manifest, numbers, command }: ModelCardOptions): string {
  const own = manifest.measured.map((one) => one.command);
  const commands = [...new Set([...numbers.commands, ...own])];
  const parts = [
    ...(manifest.title === undefined ? [] : [`${markdownText(manifest.title)}.`]),
    factTable(architectureFacts(manifest)),
    '## Where it comes from',
    factTable(provenanceFacts(manifest)),
    '## What was measured',
    numbers.benches.length === 0
      ? 'No result of a bench was given.'
      : 'Checkpoints side by side, this one in bold where it was measured; a number in brackets is the command below that made a value.',
    ...numbers.benches.flatMap((bench) => benchTable(bench, manifest.name)),
    ...measuredTable(manifest, commands),
    '## Commands',
    commands.length === 0 ? 'None.' : commands.map((text, i) => `${i + 1}. ${markdownCode(text)}`).join('\n'),
    '## Before using it',
    cautions(manifest)
      .map((text) => `- ${markdownText(text)}`)
      .join('\n'),
    `Written by ${markdownCode(command)}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What a card is called. */
export function cardTitle({ name }: CheckpointManifest): string {
  return markdownText(name);
}

function factTable(facts: readonly Fact[]): string {
  const rows = facts.map(([name, value]) => `| ${markdownText(name)} | ${markdownText(value)} |`);
  return ['| | |', '| --- | --- |', ...rows].join('\n');
}

function benchTable({ title, labels, names, rows }: MeasuredBench, own: string): string[] {
  const table = markdownTable(
    [
      markdownText(title),
      ...labels.map((label, i) => (names[i] === own ? `**${markdownText(label)}**` : markdownText(label))),
    ],
    rows.map(({ name, cells }) => [
      markdownText(name),
      ...cells.map((cell) => (cell === null ? '–' : `${numberText(cell.value)} [${cell.command + 1}]`)),
    ]),
  );
  const notes = new Map<string, string[]>();
  for (const { name, note } of rows) {
    if (note !== '') notes.set(note, [...(notes.get(note) ?? []), name]);
  }
  const said = [...notes].map(([note, names]) =>
    notes.size === 1 ? markdownText(`${note}.`) : `- ${markdownText(`${names.join(', ')}: ${note}.`)}`,
  );
  return [`### ${markdownText(title)}`, table, ...(said.length === 0 ? [] : [said.join('\n')])];
}

function measuredTable({ measured }: CheckpointManifest, commands: readonly string[]): string[] {
  if (measured.length === 0) return [];
  const rows = measured.map((one) => [
    markdownText(one.name),
    markdownText(precisionOf(one)),
    markdownText(providerOf(one)),
    `${numberText(one.value)} [${commands.indexOf(one.command) + 1}]`,
    markdownText(one.note ?? '–'),
  ]);
  return [
    '### As it is shipped',
    'What its manifest records of its own graphs.',
    markdownTable(['Number', 'Weights', 'On', 'Value', 'Note'], rows),
  ];
}
