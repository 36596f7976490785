import { type LabelProvenance, parseLabelProvenance, type ReproduceOutput } from 'alibi-zarr-schemas';
import { axisIndex, type LabelType, type LazyArray } from '../../array/lazy-array.ts';
import { readRegion } from '../../array/region.ts';
import { transposed } from '../../array/transposed.ts';
import { AlibiError } from '../../errors.ts';
import { type ClusterGroups, mergeClusters, mergedLabels } from '../../features/merge-clusters.ts';
import { masked } from '../../labels/masked.ts';
import type { OmeLabel } from '../../ome/open-label.ts';
import { pixelGrid } from '../../pipeline/pixel-grid.ts';
import type { ClassifierFit } from '../../segment/types.ts';
import { openRegion } from '../../session-region.ts';
import { openClassifierFile } from '../classifier-file.ts';
import { learn, learnProject, openProject } from '../classify.ts';
import { clusterTokens } from '../clusters.ts';
import type { Command } from '../command.ts';
import type { Flags } from '../flags.ts';
import type { Io } from '../io.ts';
import { openLabelSource } from '../label-source.ts';
import { methodsText } from '../methods-text.ts';
import { createModelKeeper, type ModelKeeper } from '../model-keeper.ts';
import { openLabelsOf } from '../open-labels.ts';
import { openLocation } from '../open-location.ts';
import { openOneImage, type Work, workOn } from '../open-work.ts';
import { packageVersion } from '../package-version.ts';
import { progressBar } from '../progress-bar.ts';
import { openScribbles } from '../scribble-source.ts';

const command = 'reproduce';
/** Rounding of another processor moves a pixel here and there; more is another result. */
const agreementWanted = 0.999;

export const reproduce: Command = {
  spec: {
    name: command,
    summary: 'Compute saved labels again from their provenance and say what share of pixels agrees',
    positionals: ['STORE'],
    flags: {
      labels: { type: 'string', value: 'NAME', help: 'the label image' },
      methods: { type: 'boolean', help: 'draft the methods paragraph instead of computing' },
      classifier: { type: 'string', value: 'FILE', help: 'where the classifier lies now' },
      project: { type: 'string', value: 'FILE', help: 'where the project lies now' },
      scribbles: { type: 'string', value: 'LABELS|PNG|GEOJSON', help: 'where the scribbles lie now' },
      mask: { type: 'string', value: 'LABELS|PNG', help: 'where the mask lies now' },
      model: {
        type: 'string',
        value: 'PATH',
        help: 'manifest.json, its folder, or the name of a shipped checkpoint',
      },
    },
    examples: ['reproduce image.zarr --labels phases', 'reproduce image.zarr --labels phases --methods'],
  },
  async run(flags, io) {
    const startMs = performance.now();
    const opened = await openLocation(flags.positionals[0]!, io.signal);
    const models = createModelKeeper();
    try {
      const image = await openOneImage(opened, io.signal, command);
      const label = await openLabelsOf(flags, image, { command, signal: io.signal });
      const name = flags.text('labels')!;
      const provenance = provenanceOf(label, `${image.location}/labels/${name}`);
      const names = [...label.properties.values()].map((entry) => String(entry.name ?? entry.class ?? ''));
      const head = {
        location: `${opened.location.replace(/\/$/, '')}/labels/${name}`,
        name,
        method: provenance.method?.kind ?? 'unknown',
      };
      if (flags.has('methods')) {
        const methods = methodsText(provenance, { name, names, version: await packageVersion() });
        const output: ReproduceOutput = {
          ...head,
          agreement: null,
          pixels: null,
          different: null,
          sameFit: null,
          methods,
          seconds: seconds(startMs),
        };
        io.out(flags.has('json') ? JSON.stringify(output) : methods);
        return 0;
      }
      const work = await workOn({ image, opened }, flags, io, {
        command,
        models,
        ...(provenance.normalisation === null ? {} : { normalisation: provenance.normalisation }),
        sha256: provenance.model?.sha256 ?? null,
      });
      const counted = await compare(
        {
          ...work,
          seed: seedOf(provenance),
          slices: provenance.slices ?? work.slices,
          level: provenance.level ?? work.level,
        },
        { label, provenance, flags, models },
        io,
      );
      const output: ReproduceOutput = { ...head, ...counted, methods: null, seconds: seconds(startMs) };
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      return (counted.agreement ?? 0) >= agreementWanted ? 0 : 1;
    } finally {
      await models.close();
      await opened.close();
    }
  },
};

function seconds(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}

function asText({ location, agreement, pixels, different, sameFit }: ReproduceOutput): string {
  const fit = sameFit ? 'what was learned is the same to the bit' : 'what was learned differs';
  return `${location}: ${(100 * (agreement ?? 0)).toFixed(4)} % of ${pixels} pixels agree, ${different} differ; ${fit}`;
}

function provenanceOf(label: OmeLabel, where: string): LabelProvenance {
  const parsed = parseLabelProvenance(label.provenance);
  if (parsed.ok) return parsed.value;
  throw new AlibiError('InvalidInput', {
    what:
      label.provenance === undefined
        ? 'the labels do not say how they were made'
        : `the labels' provenance does not fit its schema: ${parsed.path} ${parsed.message}`,
    where,
    remedy: 'Name labels that alibi-zarr wrote.',
  });
}

function seedOf({ method }: LabelProvenance): number {
  return method !== undefined && 'seed' in method ? method.seed : 0;
}

interface Context {
  readonly label: OmeLabel;
  readonly provenance: LabelProvenance;
  readonly flags: Flags;
  readonly models: ModelKeeper;
}

/** Compute the labels again and count, chunk by chunk, over the slices that were processed. */
async function compare(work: Work, context: Context, io: Io) {
  const { label, provenance, flags } = context;
  const { scores, fitId, groups } = await again(work, context, io);
  const order = ['t', 'z', 'y', 'x'].filter((name) => axisIndex(label.axes, name) !== -1);
  const saved = transposed(label.pyramid[0]!, order);
  const each = await work.pipeline.labels(scores, pixelGrid(saved), 256);
  const ids: LazyArray<LabelType> = groups === undefined ? each : mergedLabels(each, groups);
  const maskText = flags.text('mask') ?? provenance.mask;
  const mask =
    maskText === undefined
      ? undefined
      : await openLabelSource(maskText, work.image, work.slices, '--mask', io.signal);
  try {
    const { region } = provenance;
    const within =
      region === undefined
        ? undefined
        : await openRegion({ kind: 'area', rings: region.rings }, work.image, { signal: io.signal });
    const inside = within?.labels(ids, 0) ?? ids;
    const labels = mask === undefined ? inside : masked(inside, mask.ids);
    const { different, pixels } = await countDifferent(labels, saved, work, io);
    return {
      agreement: pixels === 0 ? 1 : 1 - different / pixels,
      pixels,
      different,
      sameFit: fitId === provenance.fit?.id,
    };
  } finally {
    await mask?.close();
  }
}

/** Rows compared at once. */
const stripRows = 512;

async function countDifferent(labels: LazyArray<LabelType>, saved: LazyArray, { slices }: Work, io: Io) {
  const height = labels.shape.at(-2)!;
  const strips = Math.ceil(height / stripRows);
  const total = slices.t.length * slices.z.length * strips;
  const bar = progressBar(io, 'Comparing');
  const startMs = performance.now();
  let different = 0;
  let pixels = 0;
  let done = 0;
  for (const t of slices.t) {
    for (const z of slices.z) {
      for (let y0 = 0; y0 < height; y0 += stripRows) {
        const bounds = new Map([
          ['t', [t, t + 1]],
          ['z', [z, z + 1]],
          ['y', [y0, Math.min(height, y0 + stripRows)]],
          ['x', [0, labels.shape.at(-1)!]],
        ]);
        const region = {
          start: labels.axes.map(({ name }) => bounds.get(name)![0]!),
          stop: labels.axes.map(({ name }) => bounds.get(name)![1]!),
        };
        const [ours, theirs] = await Promise.all([
          readRegion(labels, region, { signal: io.signal }),
          readRegion(saved, region, { signal: io.signal }),
        ]);
        pixels += ours.data.length;
        for (let i = 0; i < ours.data.length; i++)
          if (Number(ours.data[i]) !== Number(theirs.data[i])) different++;
        done++;
        bar.update({ done, total, etaMs: ((performance.now() - startMs) / done) * (total - done) });
      }
    }
  }
  bar.end();
  return { different, pixels };
}

async function again(
  work: Work,
  { provenance, flags, models }: Context,
  io: Io,
): Promise<{
  readonly scores: LazyArray<'float32'>;
  readonly fitId: string;
  /** Ids of the scores that are one id of the labels. */
  readonly groups?: ClusterGroups;
}> {
  const { method, strokes } = provenance;
  const place = {
    level: work.level,
    ...(provenance.factor === undefined ? {} : { factor: provenance.factor }),
  };
  const apply = async (fit: ClassifierFit) => ({
    scores: await work.pipeline.classScores(fit, place),
    fitId: fit.id,
  });
  if (provenance.fit?.kind === 'edited') {
    throw new AlibiError('InvalidInput', {
      what: 'the labels were corrected by hand, which is not stored step by step',
      where: 'provenance',
      remedy: 'Reproduce the labels they were made of: fit.source.labels names them.',
    });
  }
  if (method === undefined) {
    throw new AlibiError('InvalidInput', {
      what: 'the labels do not say what was asked for, as those of older versions do not',
      where: 'provenance',
      remedy: 'Make them again with this version.',
    });
  }
  if (method.kind === 'kmeans') {
    const { fit, scores } = await clusterTokens(work, method.k, io);
    if (method.merged === undefined) return { scores, fitId: fit.id };
    return { scores, groups: method.merged, fitId: (await mergeClusters(fit, method.merged)).id };
  }
  if (method.kind === 'classifier') {
    return apply((await openClassifierFile(flags.text('classifier') ?? method.location)).fit);
  }
  if (method.kind === 'project') {
    const project = await openProject(flags.text('project') ?? method.location);
    const { classifier } = await learnProject(
      project,
      work,
      { flags, command, models, validation: method.validation },
      io,
    );
    return apply(classifier.fit);
  }
  const { recipe, classifier, validation } = method;
  const painted =
    method.kind === 'strokes'
      ? strokes
      : await scribblesAgain(work, method, { flags, mask: provenance.mask }, io);
  const { fit } = await learn(
    work,
    { classes: method.classes, strokes: painted, learning: { recipe, classifier, validation }, place },
    io,
  );
  return apply(fit);
}

async function scribblesAgain(
  work: Work,
  method: Extract<NonNullable<LabelProvenance['method']>, { kind: 'scribbles' }>,
  { flags, mask }: { readonly flags: Flags; readonly mask: string | undefined },
  io: Io,
) {
  const text = flags.text('scribbles') ?? method.location;
  const { z, t } = method.slice ?? {};
  const slices = { z: z === undefined ? work.slices.z : [z], t: t === undefined ? work.slices.t : [t] };
  const maskText = flags.text('mask') ?? mask;
  const inside =
    maskText === undefined
      ? undefined
      : await openLabelSource(maskText, work.image, slices, '--mask', io.signal);
  try {
    const names = method.classes.map(({ name }) => name);
    const { strokes } = await openScribbles(text, work.image, { slices, names, mask: inside?.ids }, io);
    return strokes;
  } finally {
    await inside?.close();
  }
}
