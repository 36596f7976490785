import type { InstancesOutput } from 'alibi-zarr-schemas';
import { cached } from '../../array/cached.ts';
import type { LazyArray } from '../../array/lazy-array.ts';
import { shared } from '../../array/shared.ts';
import { spacingOf } from '../../array/spacing.ts';
import { withAxes } from '../../array/with-axes.ts';
import { isAbort } from '../../errors.ts';
import { assertLabelName } from '../../labels/label-name.ts';
import { onlySlices } from '../../labels/slices.ts';
import type { OmeImage } from '../../ome/ome-image.ts';
import type { OmeLabel } from '../../ome/open-label.ts';
import { fitInstances } from '../../segment/instances/fit-instances.ts';
import { instancesLayer } from '../../segment/instances/layer.ts';
import type { InstancesFit } from '../../segment/instances/types.ts';
import type { Signer } from '../../stores/signer.ts';
import { type Command, Interrupted } from '../command.ts';
import { type Flags, invalid } from '../flags.ts';
import { instanceFlags, instanceRecipe, type NamedRecipe } from '../instance-recipe.ts';
import type { Io } from '../io.ts';
import { classOf, openLabelsOf } from '../open-labels.ts';
import { type OpenedLocation, openLocation } from '../open-location.ts';
import { openOneImage } from '../open-work.ts';
import { pixelsLike } from '../pixels-like.ts';
import { progressBar } from '../progress-bar.ts';
import { encodingOf, saveFlags } from '../save-flags.ts';
import { assertNoneInterrupted, type Kept, saveLabels, whatIsLeft } from '../save-labels.ts';
import { assertFree, pruneLabel, saveTargetOf } from '../save-target.ts';
import { signerFlag, signerOf } from '../signers.ts';
import { slicesOf } from '../slices.ts';

const command = 'instances';
/** Chunks of the labels that are read again for the next block. */
const cacheBytes = 128 * 2 ** 20;
/** Ids of objects larger than the halo that are named. */
const namedIds = 100;

export const instances: Command = {
  spec: {
    name: command,
    summary: 'Turn labels into instances: one id an object, across chunks and over time',
    positionals: ['STORE'],
    flags: {
      labels: { type: 'string', value: 'NAME', help: 'the labels of the image to start from' },
      class: {
        type: 'string',
        value: 'c',
        help: 'name or id of the one class that counts; default: each on its own',
      },
      name: { type: 'string', value: 'NAME', help: 'name of the label image to write' },
      ...saveFlags,
      ...instanceFlags,
      dtype: { type: 'string', value: 'uint32|uint64', help: 'of the ids; default uint32' },
      z: { type: 'string', value: 'a|a:b', help: 'slices along z, half-open; default all' },
      t: { type: 'string', value: 'a|a:b', help: 'slices along t, half-open; default all' },
      ...signerFlag,
    },
    examples: [
      'instances image.zarr --labels phases --class precipitate --name particles --min-size 0.05',
      'instances tissue.zarr --labels tissue --name cells --method watershed --boundary 1',
      'instances stack.zarr --labels nuclei --name cells --method watershed --json',
    ],
  },
  async run(flags, io) {
    const name = flags.text('name');
    if (name === undefined) throw invalid('--name is missing', { name: command }, 'Write --name and a name.');
    assertLabelName(name);
    const sign = await signerOf(flags);
    const opened = await openLocation(flags.positionals[0]!, io.signal, sign);
    const kept: Kept = { done: 0, total: 0 };
    try {
      const image = await openOneImage(opened, io.signal, command);
      const label = await openLabelsOf(flags, image, { command, signal: io.signal });
      assertFree(flags, image, name);
      const output = await run({ image, opened, sign, label, name, flags, io, kept });
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      return 0;
    } catch (error) {
      if (!isAbort(error)) throw error;
      throw new Interrupted(whatIsLeft(name, kept));
    } finally {
      await pruneLabel({ flags, name, below: '' }, opened.location);
      await opened.close();
    }
  },
};

interface Request {
  readonly image: OmeImage;
  readonly opened: OpenedLocation;
  readonly sign: Signer | undefined;
  readonly label: OmeLabel;
  readonly name: string;
  readonly flags: Flags;
  readonly io: Io;
  readonly kept: Kept;
}

async function run(request: Request): Promise<InstancesOutput> {
  const { image, label, name, flags, io } = request;
  const slices = slicesOf(flags, image, command);
  const dtype = dtypeOf(flags);
  const axes = ['t', 'z', 'y', 'x'].filter((axis) => image.axes.some((other) => other.name === axis));
  const pixels = cached(shared(withAxes(label.pyramid[0]!, axes)), { byteLimit: cacheBytes });
  const labels = onlySlices(pixels, slices);
  const chosen = classOf(flags, label, command);
  const named = instanceRecipe(flags, labels, chosen && String(chosen.id), command, image.channels);
  const borders = boundaryPixels(named, labels, image);
  const encoding = encodingOf(flags, command);
  const target = await saveTargetOf({ flags, name, command, below: '', signal: io.signal }, request);
  await assertNoneInterrupted(flags, target, name);
  const fit = await fitOf(labels, named, request, borders);
  const layer = instancesLayer(labels, fit, dtype, borders);
  const result = await saveLabels(
    target,
    {
      ...encoding,
      ...target.to,
      labels: layer,
      image,
      name,
      classes: [],
      provenance: {
        model: null,
        executionProvider: null,
        normalisation: null,
        fit: { kind: fit.kind, id: fit.id, source: fit.source },
        strokes: [],
        slices,
        imageMetadataSha256: image.metadataHash,
      },
    },
    request,
  );
  return {
    location: target.label,
    name,
    labels: label.name,
    class: chosen === undefined ? null : String(chosen.id),
    ...describe(fit, named, labels),
    dtype,
    shape: [...layer.shape],
    z: [...slices.z],
    t: [...slices.t],
    written: result.written,
    skipped: result.skipped,
    seconds: result.seconds,
    validation: result.validation,
  };
}

async function fitOf(
  labels: LazyArray,
  { recipe }: NamedRecipe,
  { label, io }: Request,
  pixels: LazyArray | undefined,
): Promise<InstancesFit> {
  const bars = {
    finding: progressBar(io, 'Finding objects'),
    tracking: progressBar(io, 'Following objects'),
  };
  const fit = await fitInstances(labels, recipe, {
    signal: io.signal,
    ...(pixels === undefined ? {} : { pixels }),
    source: {
      labels: label.name,
      created: typeof label.provenance?.created === 'string' ? label.provenance.created : null,
      recipe: { ...recipe },
    },
    onProgress: (stage, progress) => bars[stage].update(progress),
  });
  bars.tracking.end();
  return fit;
}

/** The level of the labels' size, where a channel of it tells of borders. */
function boundaryPixels({ recipe }: NamedRecipe, labels: LazyArray, image: OmeImage): LazyArray | undefined {
  if (!('boundary' in recipe)) return undefined;
  return cached(shared(pixelsLike(labels, image, command)), { byteLimit: cacheBytes });
}

function describe(fit: InstancesFit, { connectivity }: NamedRecipe, labels: LazyArray) {
  const { dims, tracking, minSize, maxSize } = fit.recipe;
  const watershed =
    fit.kind === 'watershed'
      ? {
          depth: fit.recipe.depth,
          halo: fit.recipe.halo,
          ...(fit.recipe.boundary === undefined ? {} : { boundary: fit.recipe.boundary }),
          unsure: { count: fit.unsure.length, ids: [...fit.unsure.subarray(0, namedIds)] },
        }
      : {};
  return {
    method: fit.kind,
    dims,
    connectivity,
    ...watershed,
    ...(minSize === undefined ? {} : { minSize }),
    ...(maxSize === undefined ? {} : { maxSize }),
    unit: spacingOf(labels).unit ?? null,
    tracking,
    count: fit.count,
    fit: fit.id,
  };
}

function dtypeOf(flags: Flags): 'uint32' | 'uint64' {
  const dtype = flags.text('dtype') ?? 'uint32';
  if (dtype === 'uint32' || dtype === 'uint64') return dtype;
  throw invalid(`--dtype is "${dtype}"`, { name: command }, 'Write uint32 or uint64.');
}

function asText(output: InstancesOutput): string {
  const verdict = output.validation.valid ? 'valid OME-Zarr' : `not valid: ${output.validation.message}`;
  const lines = [
    `${output.location}: ${output.count} objects, ${output.written} chunks written, ${output.skipped} empty, ${output.seconds.toFixed(1)} s, ${verdict}`,
  ];
  const { unsure } = output;
  if (unsure !== undefined && unsure.count > 0) {
    const ids = `${unsure.ids.slice(0, 8).join(', ')}${unsure.count > 8 ? ', …' : ''}`;
    const halo = `${output.halo}${output.unit === null ? '' : ` ${output.unit}`}`;
    lines.push(
      `${unsure.count} objects are larger than the halo of ${halo} (${ids}): their borders may depend on the chunks; give a larger --halo`,
    );
  }
  return lines.join('\n');
}
