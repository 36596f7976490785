import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Command, Flags, Io } from 'alibi-zarr/command-line';
import type { ReportOutput } from 'alibi-zarr-schemas';
import { assertWritable, writeWhole } from '../bench/write-whole.ts';
import { commandText, invalidFlag, valued } from '../flag-values.ts';
import { cardFile } from '../report/card/card-file.ts';
import { cardTitle, modelCard } from '../report/card/model-card.ts';
import { type ReportInputs, readInputs } from '../report/inputs/read-inputs.ts';
import { makeReport, type Report } from '../report/make-report.ts';
import { shownPath } from '../report/shown-path.ts';

export const report: Command = {
  spec: {
    program: 'alibi-train',
    name: 'report',
    summary:
      "One HTML file with the paper's figures drawn from your own results, the numbers with the commands that made them, and the cards of checkpoints; nothing in it is fetched",
    positionals: ['[RESULT.json]...'],
    flags: {
      out: valued('FILE.html', 'the report'),
      log: { ...valued('LOG.jsonl', 'log of a finetuning; may be given again'), repeats: true },
      manifest: {
        ...valued('MANIFEST.json', 'checkpoint whose card goes into the report; may be given again'),
        repeats: true,
      },
      card: valued('FILE.md', 'also write the model card of the first manifest, in Markdown'),
      title: valued('TEXT', 'of the report (default: Position bias in vision transformers)'),
    },
    examples: [
      'report probe.json homogeneity.json seam.json --log runs/local/log.jsonl --manifest local/manifest.json --out report.html',
      'report *.json --manifest local/manifest.json --card README.md --out report.html',
    ],
  },
  async run(flags, io) {
    const out = flags.text('out');
    if (out === undefined) throw invalidFlag('it is missing: where the report goes', '--out');
    await assertWritable(out);
    const inputs = await readInputs(pathsOf(flags), { signal: io.signal, say: io.err });
    const command = `alibi-train report ${commandText(flags.argv)}`;
    const made = makeReport(inputs, {
      title: flags.text('title') ?? 'Position bias in vision transformers',
      command,
    });
    const card = await cardOf(flags, { inputs, made, command });
    await writeWhole(out, made.page);
    if (card !== undefined) await writeWhole(card.path, card.text);
    tell({ out, card: card?.path ?? null, inputs, made }, flags, io);
    return 0;
  },
};

function pathsOf(flags: Flags): {
  given: readonly string[];
  logs: readonly string[];
  manifests: readonly string[];
} {
  const paths = { given: flags.positionals, logs: flags.all('log'), manifests: flags.all('manifest') };
  if (Object.values(paths).some((list) => list.length > 0)) return paths;
  throw new AlibiError('InvalidInput', {
    what: 'nothing is given to report on',
    where: 'alibi-train report',
    remedy: 'Give what benches wrote with --out, or --log log.jsonl, or --manifest manifest.json.',
  });
}

async function cardOf(
  flags: Flags,
  {
    inputs,
    made,
    command,
  }: { readonly inputs: ReportInputs; readonly made: Report; readonly command: string },
): Promise<{ path: string; text: string } | undefined> {
  const path = flags.text('card');
  if (path === undefined) return undefined;
  const [first] = inputs.manifests;
  if (first === undefined)
    throw invalidFlag('it needs --manifest: the card is that of a checkpoint', '--card');
  await assertWritable(path);
  const { manifest } = first;
  const body = modelCard({ manifest, numbers: made.numbers, command });
  return { path, text: await cardFile(path, { title: cardTitle(manifest), body }) };
}

function tell(
  o: {
    readonly out: string;
    readonly card: string | null;
    readonly inputs: ReportInputs;
    readonly made: Report;
  },
  flags: Flags,
  io: Io,
): void {
  const { out, card, inputs, made } = o;
  const figures = made.figures.map(({ id, name, title, groups, run }) => ({
    id,
    title: `${name}: ${title}`,
    drawn: groups.length > 0,
    run: groups.length > 0 ? null : run,
  }));
  if (flags.has('json')) {
    const output: ReportOutput = {
      report: out,
      card,
      inputs: inputs.files.map((file) => ({ ...file, file: shownPath(file.file) })),
      models: [...made.models],
      figures,
    };
    io.out(JSON.stringify(output));
    return;
  }
  io.out(`${out}: ${figures.filter(({ drawn }) => drawn).length} of ${figures.length} figures`);
  if (card !== null) io.out(`${card}: model card`);
  for (const { title, run } of figures) if (run !== null) io.out(`not run: ${title}: ${run}`);
}
