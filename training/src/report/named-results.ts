import type { BenchModel } from 'alibi-zarr-schemas';
import type { BenchOutcome } from './inputs/bench-result.ts';
import { shownPath } from './shown-path.ts';

/** A result with the name and the colour its checkpoint has in the whole report. */
export interface NamedResult<R extends BenchOutcome = BenchOutcome> {
  readonly result: R;
  readonly file: string;
  /** As short as tells it from the others of the report. */
  readonly label: string;
  readonly slot: number;
}

/** Results that may be compared: of one bench, with the same images and settings. */
export interface ResultGroup<R extends BenchOutcome = BenchOutcome> {
  /** The images and settings, in words. */
  readonly settings: string;
  readonly results: readonly NamedResult<R>[];
}

/**
 * Gives every checkpoint a name and a colour. Two of one name are told apart by position and precision; two results of one
 * bench for the same checkpoint, by what else differs.
 */
export function nameResults(
  given: readonly { readonly file: string; readonly result: BenchOutcome }[],
): NamedResult[] {
  const models = new Map<string, { readonly model: BenchModel; readonly slot: number }>();
  for (const { result } of given) {
    const key = modelKey(result.model);
    if (!models.has(key)) models.set(key, { model: result.model, slot: models.size });
  }
  const all = [...models.values()].map(({ model }) => model);
  const taken = new Map<string, Set<string>>();
  let slots = models.size;
  return given.map(({ file, result }) => {
    const own = models.get(modelKey(result.model));
    const base = labelOf(result.model, all);
    const protocol = protocolKey(result);
    const labels = taken.get(protocol) ?? new Set<string>();
    taken.set(protocol, labels);
    const label = unusedLabel(base, distinctions(result, file), labels);
    const slot = labels.has(base) || own === undefined ? slots++ : own.slot;
    labels.add(label);
    return { result, file: shownPath(file), label, slot };
  });
}

/** @returns results of one bench, those of the same images and settings together, in the order they were given */
export function groupsOf<F extends BenchOutcome['format']>(
  results: readonly NamedResult[],
  format: F,
): ResultGroup<Extract<BenchOutcome, { format: F }>>[] {
  type Wanted = Extract<BenchOutcome, { format: F }>;
  const isWanted = (named: NamedResult): named is NamedResult<Wanted> => named.result.format === format;
  const groups = new Map<string, NamedResult<Wanted>[]>();
  for (const named of results.filter(isWanted)) {
    const key = protocolKey(named.result);
    groups.set(key, [...(groups.get(key) ?? []), named]);
  }
  return [...groups.values()].map((members) => ({
    settings: members[0] === undefined ? '' : settingsText(members[0].result),
    results: members,
  }));
}

function modelKey({ name, position, precision }: BenchModel): string {
  return JSON.stringify([name, position, precision]);
}

function labelOf(model: BenchModel, all: readonly BenchModel[]): string {
  const namesakes = all.filter(({ name }) => name === model.name);
  const differs = (pick: (of: BenchModel) => string): boolean => new Set(namesakes.map(pick)).size > 1;
  return [
    model.name,
    ...(differs(({ position }) => position) ? [model.position] : []),
    ...(differs(({ precision }) => precision) ? [model.precision] : []),
  ].join(' · ');
}

/** What tells a result from another of the same bench and checkpoint: its features, its manifest, its file. */
function distinctions(result: BenchOutcome, file: string): string[] {
  return [
    ...(result.format === 'alibi-train/scribbles/1' ? [`${result.features}, ${result.classifier}`] : []),
    ...(result.model.manifestSha256 === null ? [] : [result.model.manifestSha256.slice(0, 8)]),
    shownPath(file),
  ];
}

function unusedLabel(base: string, words: readonly string[], used: ReadonlySet<string>): string {
  for (const label of [base, ...words.map((word) => `${base} · ${word}`)]) if (!used.has(label)) return label;
  for (let n = 2; ; n++) if (!used.has(`${base} · ${n}`)) return `${base} · ${n}`;
}

function protocolKey(result: BenchOutcome): string {
  return JSON.stringify([result.format, settingsText(result), seedOf(result)]);
}

function seedOf(result: BenchOutcome): number | null {
  return 'seed' in result ? result.seed : null;
}

function settingsText(result: BenchOutcome): string {
  switch (result.format) {
    case 'alibi-train/probe/1':
      return `${listed(result.images)}; ${result.sizePx}×${result.sizePx} px, ${result.reference.samples} training tokens, ${result.reference.repeats} masks an image`;
    case 'alibi-train/fingerprint/1':
      return `${listed(result.images)}; ${result.sizePx}×${result.sizePx} px, ${result.samples} training tokens`;
    case 'alibi-train/homogeneity/1':
      return `${listed(result.images.map(({ name }) => name))}; ${result.sizePx}×${result.sizePx} px`;
    case 'alibi-train/seam/1':
      return `${listed(result.images)}; ${result.tokens}×${result.tokens} tokens, ${result.crops} crops, enlarged ${result.scale}×, ${result.classes} clusters`;
    case 'alibi-train/loss/1': {
      const { images, sampling, blank, teacher } = result;
      const how =
        sampling.kind === 'views'
          ? `${sampling.views} augmented views, scales ${sampling.scales.join(' to ')}, seed ${sampling.seed}`
          : `${listed(images)}; at most ${sampling.crops} crops an image, enlarged ${sampling.scale}×`;
      return `${how}; to ${teacher.name} (${teacher.sha256.slice(0, 8)}), without channels ${blank.join(', ') || 'none'}`;
    }
    case 'alibi-train/segmentation/1': {
      const { layout, sizePx, shots, trainImages, valImages, samples, c } = result;
      const few = shots === null ? '' : `, ${shots} of each class`;
      return `${layout}: ${trainImages} training images${few}, ${valImages} validation images; ${sizePx}×${sizePx} px, ${samples} training pixels, C ${c}`;
    }
    case 'alibi-train/scribbles/1':
      return result.folders
        .map(({ name, images }) => `${name}: ${listed(images.map((image) => image.name))}`)
        .join('; ');
  }
}

function listed(names: readonly string[]): string {
  return names.join(', ');
}
