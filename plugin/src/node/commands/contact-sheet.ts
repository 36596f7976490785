import type { ContactSheetOutput } from 'alibi-zarr-schemas';
import { encode } from 'fast-png';
import { axisIndex } from '../../array/lazy-array.ts';
import { asAlibiError, isAbort } from '../../errors.ts';
import type { OmeChannel, OmeImage } from '../../ome/ome-image.ts';
import { openImage } from '../../ome/open-image.ts';
import type { OmeLabel } from '../../ome/open-label.ts';
import { openNode } from '../../ome/open-node.ts';
import { formatHexColor } from '../../session-colors.ts';
import { type Command, Interrupted } from '../command.ts';
import { figure, pageEnd, pageStart, type SheetEntry } from '../contact-sheet/page.ts';
import { openReviewed } from '../contact-sheet/reviewed.ts';
import { colorOf, type Thumbnail, thumbnailOf } from '../contact-sheet/thumbnail.ts';
import { openFileSink } from '../file-sink.ts';
import { type Flags, invalid } from '../flags.ts';
import type { Io } from '../io.ts';
import { nameIn, openLabelsOf } from '../open-labels.ts';
import { type OpenedLocation, openLocation } from '../open-location.ts';
import { fieldsOf } from '../plate-fields.ts';
import { signerFlag, signerOf } from '../signers.ts';
import { slicesOf } from '../slices.ts';

const command = 'contact-sheet';
const defaultSizePx = 256;
const defaultCount = 200;
/** Classes named under a picture; more are objects, and are counted. */
const legendLimit = 8;

/** A slice of an image to be shown; `image` is its path below a plate. */
interface Place {
  readonly image: string;
  readonly z: number;
  readonly t: number;
}

export const contactSheet: Command = {
  spec: {
    name: command,
    summary: 'Thumbnails of a stack, a movie or a plate with the outlines of its labels, as one HTML file',
    positionals: ['STORE'],
    flags: {
      labels: { type: 'string', value: 'NAME', help: 'the labels whose outlines are drawn' },
      out: { type: 'string', value: 'FILE.html', help: 'where the sheet is written' },
      size: { type: 'string', value: 'px', help: `longer side of a thumbnail; default ${defaultSizePx}` },
      count: {
        type: 'string',
        value: 'n',
        help: `thumbnails at most, spread evenly; default ${defaultCount}`,
      },
      wells: { type: 'string', value: 'B/03,C/*', help: 'of a plate: these wells only' },
      fields: { type: 'string', value: '0,1|B/03/0', help: 'of a plate or a well: these fields only' },
      z: {
        type: 'string',
        value: 'a|a:b',
        help: 'slices along z, half-open; default all, of a plate the middle one',
      },
      t: {
        type: 'string',
        value: 'a|a:b',
        help: 'time points, half-open; default all, of a plate the first one',
      },
      project: {
        type: 'string',
        value: 'FILE',
        help: 'mark slices that a project says were reviewed',
      },
      overwrite: { type: 'boolean', help: 'replace a file of this name' },
      ...signerFlag,
    },
    examples: [
      'contact-sheet plate.zarr --labels nuclei --out nuclei.html',
      'contact-sheet stack.zarr --labels cells --out cells.html --count 36 --size 320',
    ],
  },
  async run(flags, io) {
    const out = flags.text('out');
    if (out === undefined || !/\.html?$/i.test(out)) {
      throw invalid(
        `--out is ${out === undefined ? 'missing' : `"${out}"`}`,
        { name: command },
        'Write --out FILE.html.',
      );
    }
    const opened = await openLocation(flags.positionals[0]!, io.signal, await signerOf(flags));
    try {
      const output = await writeSheet(opened, out, flags, io);
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      return output.failed.length === 0 ? 0 : 1;
    } catch (error) {
      if (!isAbort(error)) throw error;
      throw new Interrupted(`${out} is as it was before`);
    } finally {
      await opened.close();
    }
  },
};

async function writeSheet(
  opened: OpenedLocation,
  out: string,
  flags: Flags,
  io: Io,
): Promise<ContactSheetOutput> {
  const startMs = performance.now();
  const labels = flags.text('labels');
  if (labels === undefined)
    throw invalid('--labels is missing', { name: command }, 'Write --labels and a name.');
  const sizePx = flags.integer('size', 16) ?? defaultSizePx;
  const node = await openNode(opened, { signal: io.signal });
  const root = opened.path.replace(/^\/+|\/+$/g, '');
  const open = (path: string): Promise<OmeImage> =>
    openImage(
      {
        ...opened,
        path: root === '' ? path : `${root}/${path}`,
        location: `${opened.location.replace(/\/$/, '')}/${path}`,
      },
      { signal: io.signal },
    );
  const paths = node.kind === 'image' ? [''] : await fieldsOf(node, flags, command, io.signal);
  if (paths === null || paths.length === 0)
    throw invalid(`${opened.location} holds no image`, { name: command }, 'Name an image or a plate.');
  if (node.kind === 'image' && (flags.has('wells') || flags.has('fields')))
    throw invalid(`${opened.location} is one image`, { name: command }, 'Leave --wells and --fields out.');
  const all = node.kind === 'image' ? slicesIn(node.image, flags) : fieldPlaces(paths);
  const projectFile = flags.text('project');
  const isReviewed = projectFile === undefined ? null : await openReviewed(projectFile);
  const places = spread(all, flags.integer('count', 1) ?? defaultCount);
  const file = await openFileSink(out, { overwrite: flags.has('overwrite') });
  const shown: ContactSheetOutput['shown'] = [];
  const failed: ContactSheetOutput['failed'] = [];
  let bytes = 0;
  const write = async (text: string): Promise<void> => {
    bytes += Buffer.byteLength(text);
    await file.write(text);
  };
  try {
    await write(
      pageStart(
        `${labels} in ${opened.location}`,
        `${places.length === all.length ? '' : `${places.length} of `}${all.length} ${node.kind === 'image' ? 'slice' : 'image'}${all.length === 1 ? '' : 's'}${
          isReviewed === null || node.kind !== 'image'
            ? ''
            : `, ${all.filter((place) => isReviewed(opened.location, place)).length} of ${all.length} reviewed`
        }`,
      ),
    );
    let channels: readonly OmeChannel[] | undefined;
    for (const [i, place] of places.entries()) {
      io.status?.(`Picture ${i + 1} of ${places.length}: ${titleOf(place)}`);
      try {
        const image = node.kind === 'image' ? node.image : await open(place.image);
        // One contrast for all: fields are there to be compared.
        channels ??= image.channels;
        const at = node.kind === 'image' ? place : { ...place, ...chosenSlice(image, flags) };
        const label = await openLabelsOf(flags, image, { command, signal: io.signal });
        const thumbnail = await thumbnailOf(image, label, at, { channels, sizePx, signal: io.signal });
        const reviewed = isReviewed?.(image.location, at);
        const { entry, labelled } = entryOf(at, thumbnail, label);
        await write(figure(reviewed ? { ...entry, title: `${entry.title} ✓ reviewed` } : entry));
        shown.push({
          ...{ image: at.image, z: at.z, t: at.t, labelled },
          ...(reviewed === undefined ? {} : { reviewed }),
        });
      } catch (error) {
        if (isAbort(error) || node.kind === 'image') throw error;
        const message = asAlibiError(error, place.image).message;
        failed.push({ image: place.image, error: message });
        await write(
          figure({ title: titleOf(place), legend: [], picture: { kind: 'failed', error: message } }),
        );
      }
    }
    await write(pageEnd);
    await file.finish();
  } finally {
    await file.abandon();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { location: opened.location, labels, out, bytes, total: all.length, shown, failed, seconds };
}

function slicesIn(image: OmeImage, flags: Flags): Place[] {
  const { z, t } = slicesOf(flags, image, command);
  return t.flatMap((time) => z.map((slice) => ({ image: '', z: slice, t: time })));
}

function fieldPlaces(paths: readonly string[]): Place[] {
  return paths.map((image) => ({ image, z: 0, t: 0 }));
}

/** Of a field: the slice that is named, else the middle one along z and the first along t. */
function chosenSlice(image: OmeImage, flags: Flags): { readonly z: number; readonly t: number } {
  const { z, t } = slicesOf(flags, image, command);
  const depth = image.levels[0]?.shape[axisIndex(image.axes, 'z')] ?? 1;
  return { z: flags.has('z') ? z[0]! : Math.floor(depth / 2), t: t[0]! };
}

/** `count` of them at most, evenly spaced, the first and the last among them. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all;
  if (count === 1) return all.slice(0, 1);
  return Array.from({ length: count }, (_, i) => all[Math.round((i * (all.length - 1)) / (count - 1))]!);
}

function titleOf({ image, z, t }: Place): string {
  return image === '' ? `z ${z}, t ${t}` : image;
}

function entryOf(
  place: Place,
  { rgb, widthPx, heightPx, counts }: Thumbnail,
  label: OmeLabel,
): { readonly entry: SheetEntry; readonly labelled: number } {
  const pixels = widthPx * heightPx;
  const percent = (count: number) => `${((100 * count) / pixels).toFixed(1)} %`;
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const classes = counts.length <= legendLimit ? counts : [];
  const legend = classes.map(([id, count]) => ({
    text: `${nameIn(label.properties.get(id) ?? {}) ?? id}: ${percent(count)}`,
    color: formatHexColor(colorOf(label, id)),
  }));
  const objects = classes.length === counts.length ? '' : `, ${counts.length} ids, ${percent(total)}`;
  const bytes = encode({ width: widthPx, height: heightPx, data: rgb, channels: 3, depth: 8 });
  return {
    entry: {
      title: `${titleOf(place)}${objects}`,
      legend,
      picture: { kind: 'png', bytes, widthPx, heightPx },
    },
    labelled: total / pixels,
  };
}

function asText({ out, shown, failed, bytes, seconds }: ContactSheetOutput): string {
  const lines = [
    `${out}: ${shown.length} pictures, ${(bytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(1)} s${failed.length === 0 ? '' : `, ${failed.length} failed`}`,
  ];
  for (const { image, error } of failed) lines.push(`  ${image}: ${error}`);
  return lines.join('\n');
}
