/** A published checkpoint that `pull` knows by name. */
export interface KnownCheckpoint {
  readonly name: string;
  /** On the Hugging Face hub: owner/name. */
  readonly repository: string;
  /** The weights last: what `--sha256` speaks of, and what is converted. */
  readonly files: readonly string[];
  readonly about: string;
  /** Its terms have to be accepted on the hub first. */
  readonly gated: boolean;
  /** Flags of `alibi-train convert` that say what the weights do not. */
  readonly convert: readonly string[];
}

const AUTHORS = 'rmdocherty/dino-saw';
const AUTHORS_LICENCE = ['--licence', `see huggingface.co/${AUTHORS}`];
/** On the torus of the window and divided by its largest distance is what `convert` does unless told otherwise. */
const PAPER = ['--position', 'alibi', '--metric', 'euclidean', '--slopes', 'constant', '--finetuned'];
const NONE = ['--position', 'none', '--finetuned'];
/** Not finetuned for any ALiBi, so the one that decision 10 measured best. */
const LOCAL = ['--position', 'alibi', '--no-wrap', '--distance-scale', '5'];

const authors = (stem: string, about: string, position: readonly string[]): KnownCheckpoint => ({
  name: stem,
  repository: AUTHORS,
  files: [`${stem}.pth`],
  about,
  gated: false,
  convert: ['--heads', '6', ...position, ...AUTHORS_LICENCE],
});

const backbone = (
  repository: string,
  heads: number,
  o: { readonly about: string; readonly licence: string; readonly gated?: boolean },
): KnownCheckpoint => ({
  name: repository.replace(/^facebook\//, ''),
  repository,
  files: ['config.json', 'model.safetensors'],
  about: o.about,
  gated: o.gated ?? false,
  convert: ['--heads', String(heads), ...LOCAL, '--licence', o.licence],
});

const DINOV2 = [
  ['small', 6, 'ViT-S/14'],
  ['base', 12, 'ViT-B/14'],
  ['large', 16, 'ViT-L/14'],
  ['giant', 24, 'ViT-g/14'],
] as const;
const DINOV3 = [
  ['vits16', 6, 'ViT-S/16'],
  ['vits16plus', 6, 'ViT-S+/16'],
  ['vitb16', 12, 'ViT-B/16'],
  ['vitl16', 16, 'ViT-L/16'],
] as const;

export const CATALOGUE: readonly KnownCheckpoint[] = [
  authors('alibi_dv2_vits14_reg4', "the paper's ALiBi-Dv2 ViT-S/14, finetuned on ImageNetReduced", PAPER),
  authors('alibi_coco_dv2_vits14_reg4', "the paper's ALiBi-Dv2 ViT-S/14, finetuned on COCO", PAPER),
  authors('nope_coco_dv2_vits14_reg4', "the paper's ViT-S/14 without any position, finetuned on COCO", NONE),
  authors('alibi_coco_dv3_vits16_plus_reg4', "the paper's ALiBi-Dv3 ViT-S+/16, finetuned on COCO", PAPER),
  ...DINOV2.map(([size, heads, vit]) =>
    backbone(`facebook/dinov2-with-registers-${size}`, heads, {
      about: `DINOv2 ${vit} with registers`,
      licence: 'Apache-2.0',
    }),
  ),
  ...DINOV2.map(([size, heads, vit]) =>
    backbone(`facebook/dinov2-${size}`, heads, { about: `DINOv2 ${vit}`, licence: 'Apache-2.0' }),
  ),
  ...DINOV3.map(([size, heads, vit]) =>
    backbone(`facebook/dinov3-${size}-pretrain-lvd1689m`, heads, {
      about: `DINOv3 ${vit}`,
      licence: 'DINOv3 License',
      gated: true,
    }),
  ),
];

/** By its name, its file's or its repository's (where that holds one checkpoint). */
export function knownCheckpoint(text: string): KnownCheckpoint | undefined {
  const asked = text.toLowerCase().replace(/\.pth$/, '');
  return CATALOGUE.find(({ name, repository }) => {
    const names = [name, `${repository}/${name}`, ...(repository === AUTHORS ? [] : [repository])];
    return names.some((candidate) => candidate.toLowerCase() === asked);
  });
}
