import type { ModelOutput } from 'alibi-zarr-schemas';
import { graphsFor } from '../../encoder/graph-choice.ts';
import { nodeBackend } from '../../encoder/ort-node.ts';
import { type FoundCheckpoint, listCheckpoints } from '../checkpoints.ts';
import type { Command } from '../command.ts';

export const model: Command = {
  spec: {
    name: 'model',
    summary: 'List the checkpoints at hand, with their graphs in the order in which this machine tries them',
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
  const order = graphsFor({ ...nodeBackend(), halfFloat: false }, manifest).map(({ path }) => path);
  const choiceOf = (path: string) => (order.includes(path) ? order.indexOf(path) + 1 : null);
  // The schema asks for at least one; where all were forced none is taken unless asked for.
  const preferred = graphs.find(({ path }) => path === order[0]) ?? graphs[0]!;
  return {
    name,
    ...(title === undefined ? {} : { title }),
    manifest: manifestPath,
    architecture,
    position: position.kind,
    window,
    graphs: graphs.map(({ path, precision, graph, bytes }) => ({
      path,
      precision,
      graph,
      bytes,
      choice: choiceOf(path),
    })),
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
    ...graphLines(entry),
    ...entry.measured.map(measuredLine),
  ];
  return lines.join('\n');
}

function graphLines({ graphs }: ModelEntry): string[] {
  if (graphs.length < 2) return [];
  return [...graphs]
    .sort((a, b) => (a.choice ?? Number.POSITIVE_INFINITY) - (b.choice ?? Number.POSITIVE_INFINITY))
    .map(({ path, precision, bytes, choice }) => {
      const place = choice === 1 ? 'taken here if it passes its self-test' : `tried as number ${choice}`;
      const when = choice === null ? 'not taken here unless asked for' : place;
      return `  graph      ${path}, ${precision}, ${(bytes / 1e6).toFixed(1)} MB: ${when}`;
    });
}

function measuredLine({ name, value, note, precision, provider }: ModelEntry['measured'][number]): string {
  const of = [precision, provider].filter((part) => part !== undefined).join(' on ');
  return `  measured   ${of === '' ? '' : `${of}: `}${name} ${value}${note === undefined ? '' : ` (${note})`}`;
}
