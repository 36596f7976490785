import type { ModelOutput } from 'alibi-zarr-schemas';
import { type FoundCheckpoint, listCheckpoints } from '../checkpoints.ts';
import type { Command } from '../command.ts';

export const model: Command = {
  spec: {
    name: 'model',
    summary: 'List the checkpoints at hand',
    positionals: ['[FOLDER]'],
    flags: {},
    examples: ['model', 'model ./my-checkpoints --json'],
  },
  async run(flags, io) {
    const found = await listCheckpoints(flags.positionals[0]);
    const output: ModelOutput = { models: found.map(describe) };
    if (flags.has('json')) io.out(JSON.stringify(output));
    else if (output.models.length === 0) io.out('no checkpoints here');
    else for (const entry of output.models) io.out(asText(entry));
    return 0;
  },
};

type ModelEntry = ModelOutput['models'][number];

function describe({ manifestPath, manifest }: FoundCheckpoint): ModelEntry {
  const { name, title, architecture, position, window, graphs, measured, provenance } = manifest;
  // The schema asks for at least one.
  const preferred = graphs[0]!;
  return {
    name,
    ...(title === undefined ? {} : { title }),
    manifest: manifestPath,
    architecture,
    position: position.kind,
    window,
    graphs: graphs.map(({ path, precision, graph, bytes }) => ({ path, precision, graph, bytes })),
    precision: preferred.precision,
    bytes: preferred.bytes,
    licence: provenance.licence,
    finetuned: provenance.finetuned,
    measured,
  };
}

function asText(entry: ModelEntry): string {
  const { patch, dim, blocks, heads, registers } = entry.architecture;
  const registerText = registers === 0 ? '' : `, ${registers} registers`;
  const lines = [
    `${entry.name}${entry.title === undefined ? '' : `: ${entry.title}`}`,
    `  manifest   ${entry.manifest}`,
    `  model      patch ${patch}, dim ${dim}, ${blocks} blocks, ${heads} heads${registerText}, position ${entry.position}`,
    `  weights    ${entry.precision}, ${(entry.bytes / 1e6).toFixed(1)} MB, ${entry.licence}${entry.finetuned ? '' : ', not finetuned'}`,
    `  windows    ${entry.window.rows}×${entry.window.cols} tokens, ${entry.window.overlap} overlapped`,
    ...entry.measured.map(
      ({ name, value, note }) => `  measured   ${name} ${value}${note === undefined ? '' : ` (${note})`}`,
    ),
  ];
  return lines.join('\n');
}
