import { createPacer } from 'alibi-zarr/checkpoint';
import type { BenchModel, ScribblesResult } from 'alibi-zarr-schemas';
import type { BenchSubject } from '../bench-subject.ts';
import { figure } from '../figure.ts';
import { meanOf } from './confusion.ts';
import { betweenPercentiles, enlarged } from './encoder-pixels.ts';
import { greyPlane } from './grey-plane.ts';
import { imageTokens } from './image-tokens.ts';
import { fitLinearHead, predictPixels, tokensAt } from './linear-head.ts';
import { type ImageScores, rounded, scoreImage, TOLERANCE_PX } from './score-image.ts';
import { openScribbled, type ScribbledFolder, type ScribbledImage } from './scribbled-images.ts';

/** Inverse strength of the penalty: few labelled pixels, so a strong one. */
export const DEFAULT_C = 0.02;
/** Images are enlarged twice, so that a token covers 7 pixels, but from this side on they are taken as they are. */
const LARGE_PX = 1000;

/** What grey values the encoder is fed. */
export type Contrast = 'percentiles' | 'stored';
const CONTRASTS = { percentiles: 'between 0.1 and 99.9 percentiles', stored: 'as stored' } as const;

export interface ScribblesOptions {
  readonly folders: readonly ScribbledFolder[];
  readonly command: string;
  /** Awaited after every image; may reject to abort. */
  readonly step: () => Promise<void>;
}

/** What gives every pixel of an image a class, learned from its scribbles. Several predictions: several seeds. */
export interface Segmenter {
  readonly model: BenchModel;
  readonly features: string;
  readonly classifier: string;
  readonly scale: number | null;
  segment(image: ScribbledImage, dir: string): Promise<readonly Uint16Array[]>;
}

/**
 * Segment every image of the folders from its own scribbles and compare with its truth: IoU and boundary F1 of each
 * class, their mean over classes, then images, then folders.
 *
 * @throws AlibiError  a file is no good, an image has scribbles of fewer than two classes
 */
export async function benchScribbles(segmenter: Segmenter, o: ScribblesOptions): Promise<ScribblesResult> {
  const folders: ScribblesResult['folders'] = [];
  const names = folderNames(o.folders.map(({ dir }) => dir));
  for (const [i, { dir, names: files }] of o.folders.entries()) {
    const images: ImageScores[] = [];
    for (const file of files) {
      const scribbled = await openScribbled(dir, file);
      const predictions = await segmenter.segment(scribbled, dir);
      images.push(meanScores(predictions.map((predicted) => scoreImage(scribbled, predicted))));
      await o.step();
    }
    folders.push({
      name: names[i] ?? dir,
      meanIou: rounded(meanOf(images.map(({ meanIou }) => meanIou))),
      boundaryF1: rounded(meanOf(images.map(({ boundaryF1 }) => boundaryF1))),
      images,
    });
  }
  const { model, features, classifier, scale } = segmenter;
  return {
    format: 'alibi-train/scribbles/1',
    model,
    command: o.command,
    figures: figuresOf(folders),
    features,
    classifier,
    scale,
    tolerancePx: TOLERANCE_PX,
    folders,
  };
}

/** Tokens alone, a linear head on them. */
export function tokenSegmenter(
  { runner, manifest, model }: BenchSubject,
  o: {
    readonly c: number;
    readonly scale: number | undefined;
    readonly contrast: Contrast;
    readonly signal: AbortSignal;
  },
): Segmenter {
  const pause = createPacer(o.signal);
  return {
    model,
    features: `tokens, grey ${CONTRASTS[o.contrast]}`,
    classifier: `logistic regression, C ${o.c}`,
    scale: o.scale ?? null,
    async segment({ image, scribbles, classes }) {
      const scale = o.scale ?? (Math.max(image.height, image.width) < LARGE_PX ? 2 : 1);
      const grey = greyPlane(image);
      const plane = enlarged(o.contrast === 'stored' ? grey : betweenPercentiles(grey), scale);
      const tokens = await imageTokens(runner, [plane], manifest, pause);
      const lattice = {
        height: image.height,
        width: image.width,
        pxPerToken: manifest.architecture.patch / scale,
      };
      const painted = [...scribbles.data.keys()].filter((i) => scribbles.data[i]! > 0);
      const head = await fitLinearHead(
        tokensAt(tokens, lattice, painted),
        Uint16Array.from(painted, (i) => scribbles.data[i]! - 1),
        { dim: tokens.dim, classes, c: o.c, pause },
      );
      return [predictPixels(head, tokens, lattice)];
    },
  };
}

/** Mean over seeds. */
function meanScores(scores: readonly ImageScores[]): ImageScores {
  const [first] = scores;
  if (first === undefined) throw new TypeError('an image has at least one prediction');
  if (scores.length === 1) return first;
  const mean = (pick: (score: ImageScores) => number | null): number => rounded(meanOf(scores.map(pick)));
  const each = (pick: (score: ImageScores) => (number | null)[]): (number | null)[] =>
    pick(first).map((_, k) => {
      const values = scores.map((score) => pick(score)[k] ?? null);
      return values.every((value) => value === null) ? null : rounded(meanOf(values));
    });
  return {
    ...first,
    meanIou: mean(({ meanIou }) => meanIou),
    classIou: each(({ classIou }) => classIou),
    boundaryF1: mean(({ boundaryF1 }) => boundaryF1),
    classBoundaryF1: each(({ classBoundaryF1 }) => classBoundaryF1),
  };
}

function figuresOf(folders: ScribblesResult['folders']): ScribblesResult['figures'] {
  const note = `mean over ${folders.length} folders`;
  return [
    ...folders.map(({ name, meanIou, images }) =>
      figure(`mIoU ${name}`, meanIou, `${images.length} images, each trained on its own scribbles`),
    ),
    figure('mIoU', meanOf(folders.map(({ meanIou }) => meanIou)), note),
    figure(`boundary F1, ${TOLERANCE_PX} px`, meanOf(folders.map(({ boundaryF1 }) => boundaryF1)), note),
  ];
}

/** A folder's own name, with its parent's where that says more (`superalloy/test`) or tells two apart. */
function folderNames(dirs: readonly string[]): string[] {
  const parts = dirs.map((dir) => dir.split(/[\\/]/).filter((part) => part !== '' && part !== '.'));
  const own = parts.map((path) => path.at(-1) ?? '');
  return parts.map((path, i) => {
    const name = own[i] ?? '';
    const isPlain = /^(train|val|test)$/.test(name) || own.filter((other) => other === name).length > 1;
    return isPlain ? path.slice(-2).join('/') : name;
  });
}
