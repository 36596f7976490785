import type { Command, Flags } from 'alibi-zarr/command-line';
import { BENCH_FLAGS, runMeasurements } from '../bench/run-bench.ts';
import {
  benchSegmentation as measure,
  type SegmentationOptions,
} from '../bench/segmentation/bench-segmentation.ts';
import { LAYOUTS, openDataset } from '../bench/segmentation/dataset-layout.ts';
import { invalidFlag, oneOf, positive, valued } from '../flag-values.ts';

/** Hundreds of iterations over these take minutes; more pixels of the same images change little. */
const DEFAULT_SAMPLES = 50_000;

export const benchSegmentation: Command = {
  spec: {
    program: 'alibi-train',
    name: 'bench segmentation',
    summary:
      'Mean IoU of a linear head on frozen tokens, trained and validated on Pascal VOC 2007 or 2012 or ADE20K as they unpack; or on a few images of each class',
    positionals: ['MANIFEST', '[MANIFEST]...'],
    flags: {
      data: valued(
        'DIR',
        'the folder of VOCdevkit/VOC2007, VOCdevkit/VOC2012 or ADEChallengeData2016, or that one',
      ),
      layout: valued('KIND', `${LAYOUTS.join(', ')}`),
      shots: valued('N', 'train on N images of each class only (default: all training images)'),
      size: valued('PX', 'images and truth are resized to this square, to whole patches (default: 518)'),
      samples: valued(
        'N',
        `pixels to train on, spread over the training images (default: ${DEFAULT_SAMPLES})`,
      ),
      c: valued('C', "inverse strength of the linear head's penalty (default: 1)"),
      'train-images': valued('N', 'at most so many training images, drawn by the seed'),
      'val-images': valued('N', 'at most so many validation images, drawn by the seed'),
      seed: valued('N', 'of the images and pixels drawn (default: 1)'),
      ...BENCH_FLAGS,
    },
    examples: [
      'bench segmentation teacher/manifest.json local/manifest.json --data VOCdevkit --layout voc12',
      'bench segmentation local/manifest.json --data ADEChallengeData2016 --layout ade20k --shots 5',
    ],
  },
  async run(flags, io) {
    const options = await optionsOf(flags);
    return runMeasurements(flags, io, {
      name: 'bench segmentation',
      manifests: flags.positionals,
      images: [],
      measure: (subject, context) => measure(subject, context, options),
    });
  },
};

/** @throws AlibiError  InvalidInput naming the flag; NotFound: the data set is not there */
async function optionsOf(flags: Flags): Promise<SegmentationOptions> {
  const data = flags.text('data');
  if (data === undefined) throw invalidFlag('it is missing', '--data');
  const given = flags.text('layout');
  if (given === undefined)
    throw invalidFlag(`it is missing; choose one of ${LAYOUTS.join(', ')}`, '--layout');
  const layout = oneOf(given, LAYOUTS, '--layout');
  return {
    layout,
    dataset: await openDataset(data, layout),
    sizePx: flags.integer('size', 1) ?? 518,
    samples: flags.integer('samples', 1) ?? DEFAULT_SAMPLES,
    c: positive(flags.text('c') ?? '1', '--c'),
    seed: flags.integer('seed', 0) ?? 1,
    shots: flags.integer('shots', 1),
    trainLimit: flags.integer('train-images', 1),
    valLimit: flags.integer('val-images', 1),
  };
}
