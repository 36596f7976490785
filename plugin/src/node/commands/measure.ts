import type { MeasureOutput } from 'alibi-zarr-schemas';
import { cached } from '../../array/cached.ts';
import { shared } from '../../array/shared.ts';
import { spacingOf } from '../../array/spacing.ts';
import { isAbort } from '../../errors.ts';
import type { OmeImage } from '../../ome/ome-image.ts';
import type { OmeLabel } from '../../ome/open-label.ts';
import { measureObjects, type ObjectTable } from '../../segment/measure/measure.ts';
import { csvHeader, csvLines, jsonRows } from '../../segment/tables/csv.ts';
import { type Command, Interrupted } from '../command.ts';
import { type Flags, invalid } from '../flags.ts';
import { dimsOf } from '../instance-recipe.ts';
import type { Io } from '../io.ts';
import { openLabelsOf } from '../open-labels.ts';
import { openLocation } from '../open-location.ts';
import { openOneImage } from '../open-work.ts';
import { pixelsLike } from '../pixels-like.ts';
import { progressBar } from '../progress-bar.ts';
import { openTable, type TableTarget, tableFormat } from '../table-target.ts';
import { contourFormat, writeContours } from '../write-contours.ts';

const command = 'measure';
/** Chunks of the labels that are read again for the next block; the image has a cache of its own. */
const cacheBytes = 128 * 2 ** 20;

export const measure: Command = {
  spec: {
    name: command,
    summary: 'Measure every object of a label image: size, place, shape, intensities',
    positionals: ['STORE'],
    flags: {
      labels: { type: 'string', value: 'NAME', help: 'the labels of the image to measure' },
      out: {
        type: 'string',
        value: 'FILE',
        help: 'table.csv, table.parquet or table.zarr (AnnData); default: CSV on stdout',
      },
      contours: {
        type: 'string',
        value: 'FILE',
        help: 'also write outlines: .geojson (QuPath) or .zip (ImageJ ROIs)',
      },
      channels: {
        type: 'string',
        value: 'i,j|none',
        help: 'channels whose intensities are measured; default all',
      },
      dims: {
        type: 'string',
        value: '2|3',
        help: 'objects are planes or volumes; default 3 where there is a z',
      },
      overwrite: { type: 'boolean', help: 'replace files of these names' },
    },
    examples: [
      'measure image.zarr --labels nuclei --out nuclei.csv',
      'measure image.zarr --labels nuclei --out nuclei.zarr --contours nuclei.geojson --json',
    ],
  },
  async run(flags, io) {
    const out = flags.text('out');
    const contours = flags.text('contours');
    if (out !== undefined) tableFormat(out);
    if (contours !== undefined) contourFormat(contours);
    const opened = await openLocation(flags.positionals[0]!, io.signal);
    try {
      const image = await openOneImage(opened, io.signal, command);
      const label = await openLabelsOf(flags, image, { command, signal: io.signal });
      await run({ image, label, flags, io, out, contours });
      return 0;
    } catch (error) {
      if (!isAbort(error)) throw error;
      throw new Interrupted(
        out === undefined ? 'the table on stdout is not whole' : `${out} is as it was before`,
      );
    } finally {
      await opened.close();
    }
  },
};

interface Request {
  readonly image: OmeImage;
  readonly label: OmeLabel;
  readonly flags: Flags;
  readonly io: Io;
  readonly out: string | undefined;
  readonly contours: string | undefined;
}

async function run(request: Request): Promise<void> {
  const { image, label, flags, io, out, contours } = request;
  const startMs = performance.now();
  const labels = cached(shared(label.pyramid[0]!), { byteLimit: cacheBytes });
  const dims = dimsOf(flags, labels, command);
  const channels = channelsOf(flags, image);
  const bar = progressBar(io, 'Measuring');
  const table = measureObjects(
    {
      labels,
      dims,
      channels,
      ...(channels.length === 0 ? {} : { pixels: pixelsLike(labels, image, command) }),
    },
    { signal: io.signal, onProgress: (progress) => bar.update(progress) },
  );
  const unit = spacingOf(labels).unit;
  const location = `${image.location.replace(/\/$/, '')}/labels/${label.name}`;
  const format = out === undefined ? (flags.has('json') ? 'json' : 'csv') : tableFormat(out);
  const about: Omit<MeasureOutput, 'rows' | 'objects' | 'contours' | 'seconds'> = {
    location,
    labels: label.name,
    dims,
    unit: unit ?? null,
    columns: [...table.columns],
    out: out ?? null,
    format,
  };
  const overwrite = flags.has('overwrite');
  const target =
    out === undefined
      ? printed(table, { about, unit, io })
      : await openTable(out, { columns: table.columns, unit, source: location, overwrite });
  const objects = await store(table, target);
  bar.end();
  const count =
    contours === undefined
      ? undefined
      : await writeContours({ path: contours, overwrite, image, label, labels }, io);
  const rest: Pick<MeasureOutput, 'objects' | 'contours' | 'seconds'> = {
    objects,
    ...(contours === undefined || count === undefined
      ? {}
      : { contours: { location: contours, format: contourFormat(contours), count } }),
    seconds: (performance.now() - startMs) / 1000,
  };
  if (format === 'json') io.out(`],${JSON.stringify(rest).slice(1)}`);
  else if (out !== undefined) {
    const output: MeasureOutput = { ...about, ...rest };
    io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
  }
}

/** @returns number of rows */
async function store(table: ObjectTable, target: TableTarget): Promise<number> {
  let rows = 0;
  try {
    for await (const batch of table.batches) {
      await target.write(batch);
      rows += batch.ids.length;
    }
    await target.finish();
    return rows;
  } finally {
    await target.abandon();
  }
}

/** Rows on stdout as they come: CSV, or the beginning of the one JSON object that the summary ends. */
function printed(
  { columns }: ObjectTable,
  {
    about,
    unit,
    io,
  }: {
    readonly about: object & { readonly format: string };
    readonly unit: string | undefined;
    readonly io: Io;
  },
): TableTarget {
  const isJson = about.format === 'json';
  let isFirst = true;
  io.out(isJson ? `${JSON.stringify(about).slice(0, -1)},"rows":[` : csvHeader(columns));
  return {
    async write(batch) {
      if (isJson) {
        for (const row of jsonRows(columns, batch)) {
          io.out(`${isFirst ? '' : ','}${JSON.stringify(row)}`);
          isFirst = false;
        }
      } else for (const line of csvLines(columns, unit, batch)) io.out(line);
      await io.drained?.();
    },
    finish: async () => {},
    abandon: async () => {},
  };
}

/** `--channels`: indices with the names of the channels; none where intensities are not asked for. */
function channelsOf(flags: Flags, image: OmeImage): { index: number; label: string }[] {
  const text = flags.text('channels');
  const all = image.channels.map(({ label }, index) => ({ index, label }));
  if (text === undefined || text === 'all') return all;
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const channel = /^\d+$/.test(part.trim()) ? all[Number(part)] : undefined;
    if (channel !== undefined) return channel;
    const known = all
      .map(({ index, label }) => `${index} ${label}`)
      .slice(0, 20)
      .join(', ');
    throw invalid(
      `--channels is "${text}"`,
      { name: command },
      `Write none, or some of ${known}, by their numbers.`,
    );
  });
}

function asText(output: MeasureOutput): string {
  const unit = output.unit === null ? 'pixels' : output.unit;
  const lines = [
    `${output.out}: ${output.objects} objects, lengths in ${unit}, ${output.seconds.toFixed(1)} s`,
  ];
  if (output.contours !== undefined) {
    lines.push(`${output.contours.location}: ${output.contours.count} contours`);
  }
  return lines.join('\n');
}
