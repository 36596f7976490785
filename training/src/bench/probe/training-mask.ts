import { AlibiError, sampleIndices } from 'alibi-zarr/checkpoint';

/**
 * The tokens a probe is trained on: ⌊rows · cols / step²⌋ of them, drawn without replacement.
 *
 * @returns uint8 [rows, cols], 1 for a training token; the caller owns the buffer
 * @throws AlibiError  InvalidInput: fewer than two tokens would be left
 * Source: tldr-group/dino-saw@636424c, dinosaw/linear_probe.py, gen_sample_mask with random_mask.
 */
export function trainingMask(
  rows: number,
  cols: number,
  { step, random }: { readonly step: number; readonly random: () => number },
): Uint8Array {
  const count = Math.floor((rows * cols) / step ** 2);
  if (count < 2) {
    throw new AlibiError('InvalidInput', {
      what: `one token in ${step}² of ${rows}×${cols} leaves ${count} to train on`,
      where: 'probe',
      remedy: 'Give a smaller --step or a larger --size.',
    });
  }
  const mask = new Uint8Array(rows * cols);
  for (const token of sampleIndices(rows * cols, count, random)) mask[token] = 1;
  return mask;
}
