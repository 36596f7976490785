import type { LabelProvenance } from 'alibi-zarr-schemas';
import { defaultKinds } from '../segment/recipe.ts';

/**
 * A draft of what a paper's methods section has to say of a label image: what its provenance tells, in sentences.
 *
 * @param names  of the classes, in the order of their ids
 */
export function methodsText(
  provenance: LabelProvenance,
  {
    name,
    names,
    version,
  }: { readonly name: string; readonly names: readonly string[]; readonly version: string },
): string {
  const sentences = [
    `Labels "${name}" were made with alibi-zarr ${version}.`,
    seen(provenance),
    learned(provenance, names),
    place(provenance),
    held(provenance),
    `The image's metadata had the SHA-256 ${provenance.imageMetadataSha256}.`,
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function seen(provenance: LabelProvenance): string {
  const { model, normalisation } = provenance;
  if (model === null || normalisation === null) return '';
  const { channels, black, white } = normalisation;
  const ranges = channels
    .map((channel, i) => `channel ${channel} from ${black[i]} to ${white[i]}`)
    .join(', ');
  if (!readsTokens(provenance)) return `Image intensities (${ranges}) were mapped to 0–1.`;
  return `Image intensities (${ranges}) were mapped to 0–1 and shown to the vision transformer ${model.name} (${model.precision}, SHA-256 ${model.sha256}), a DINOv2 with a distance bias (ALiBi) in place of its position embedding.`;
}

/** Whether what was learned looks at the transformer's tokens: its bases tell, one a scale; clusters are of tokens. */
function readsTokens({ fit }: LabelProvenance): boolean {
  const source: Readonly<Record<string, unknown>> = fit?.source ?? {};
  return !Array.isArray(source.bases) || source.bases.length > 0;
}

const learners: Readonly<Record<string, string>> = {
  linear: 'a regularised multinomial logistic regression',
  forest: 'extremely randomised trees',
};

/** What pixels were told by: as asked for, which cross-validation may have changed. */
function means(
  method: Extract<LabelProvenance['method'], { recipe?: unknown }>,
  readsTokens: boolean,
): string {
  const { guided, kinds = defaultKinds } = method.recipe ?? {};
  const features = [
    ...(readsTokens
      ? [
          `PCA-reduced tokens brought to pixels by ${guided === false ? 'bilinear interpolation' : 'joint bilateral upsampling'}`,
        ]
      : []),
    ...(kinds.length === 0 ? [] : [`multi-scale features of the pixels (${list(kinds)})`]),
  ];
  const learner =
    learners[method.classifier?.kind ?? 'average'] ?? `the mean of ${learners.linear} and ${learners.forest}`;
  const chosen =
    method.validation === 'choose' ? '; strokes left out decided whether other settings were better' : '';
  return `, from ${features.join(' and ')}, by ${learner}${chosen}. Settings: ${settings(method)}`;
}

function learned(provenance: LabelProvenance, names: readonly string[]): string {
  const { method, fit, strokes } = provenance;
  if (method === undefined)
    return fit === null ? '' : `They come from a fit of kind ${fit.kind} (${fit.id}).`;
  const id = fit === null ? '' : ` (fit ${fit.id.slice(0, 12)})`;
  if (method.kind === 'kmeans') {
    return `Patch tokens were clustered into ${method.k} groups by k-means (seed ${method.seed})${id}${joined(method.merged)}.`;
  }
  const classes = names.length === 0 ? '' : `into ${list(names)} `;
  const how = {
    strokes: `from ${strokes.length} strokes painted on the image itself`,
    scribbles: 'from pixels painted on the image itself',
    classifier: 'with a classifier trained before',
    project: 'from strokes on the images of a project',
  }[method.kind];
  const by = 'recipe' in method ? means(method, readsTokens(provenance)) : '';
  return `Pixels were classified ${classes}${how}${id}${by}.`;
}

function joined(groups: readonly (readonly number[])[] | undefined): string {
  const several = groups?.filter((group) => group.length > 1) ?? [];
  if (several.length === 0) return '';
  return `; groups ${several.map((group) => group.join(' + ')).join(', ')} were then merged by hand`;
}

function settings(method: Parameters<typeof means>[0]): string {
  const text = JSON.stringify({
    ...method.recipe,
    ...method.classifier,
    validation: method.validation,
    seed: method.seed,
  });
  return text.replaceAll('"', '').replaceAll(',', ', ').replaceAll(':', ' ');
}

function place({ level, factor, slices, mask }: LabelProvenance): string {
  const parts = [];
  if (level !== undefined) parts.push(`Features were computed at level ${level} of the pyramid`);
  if (factor !== undefined)
    parts.push(`resampled by ${factor.x.toPrecision(4)} to the pixel size of the training image`);
  if (slices !== undefined)
    parts.push(`slice by slice (${slices.z.length} along z, ${slices.t.length} along t)`);
  if (mask !== undefined) parts.push(`inside the mask ${mask}`);
  return parts.length === 0 ? '' : `${parts.join(', ')}.`;
}

function held({ heldOut }: LabelProvenance): string {
  if (heldOut === undefined || heldOut === null) return '';
  return `On strokes left out of training (${heldOut.folds} folds) the mean intersection over union was ${heldOut.meanIou.toFixed(3)} and the balanced accuracy ${heldOut.balancedAccuracy.toFixed(3)}.`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
