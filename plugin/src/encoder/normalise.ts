import type { ChunkData, DataType } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { Normalisation } from './encoder.ts';

export interface PixelStatistics {
  /** Of the encoder's three input channels, in units of [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** @throws AlibiError InvalidInput  not one or three channels, or black and white points that do not fit */
export function assertNormalisation({ channels, black, white }: Normalisation): void {
  const count = channels.length;
  const fits = (count === 1 || count === 3) && black.length === count && white.length === count;
  const ordered = black.every(
    (value, i) => Number.isFinite(value) && Number.isFinite(white[i]) && value !== white[i],
  );
  if (fits && ordered) return;
  throw new AlibiError('InvalidInput', {
    what: fits
      ? `black points ${black.join(', ')} and white points ${white.join(', ')} leave no contrast`
      : `${count} channels with ${black.length} black and ${white.length} white points`,
    where: 'normalisation',
    remedy: 'Give one or three channels, each with a finite black point and another white point.',
  });
}

/**
 * Stored values to [0, 1]: `black` becomes 0, `white` becomes 1 (`white < black` inverts), values beyond are
 * clamped, so that one hot pixel stays one pixel. NaN, which microscopes write where nothing was measured,
 * becomes 0: left alone, attention would carry a single NaN to every token of the window. 64-bit integers
 * are exact up to 2^53.
 *
 * @returns float32, as long as `data`; the caller owns the buffer
 */
export function normalisePlane(data: ChunkData[DataType], black: number, white: number): Float32Array {
  const result = new Float32Array(data.length);
  const scale = 1 / (white - black);
  for (let i = 0; i < data.length; i++) {
    const value = (Number(data[i]) - black) * scale;
    result[i] = value > 0 ? Math.min(value, 1) : 0;
  }
  return result;
}

/**
 * The encoder's input from one plane (grey, given to all three channels) or three (red, green, blue).
 *
 * @param planes  [height, width] each, all of one size, stored values
 * @returns       float32 [3, height, width], `(x − mean) / std` of the normalised planes; the caller owns it
 */
export function encoderInput(
  planes: readonly ChunkData[DataType][],
  normalisation: Normalisation,
  { mean, std }: PixelStatistics,
): Float32Array {
  const unit = planes.map((plane, i) =>
    normalisePlane(plane, normalisation.black[i]!, normalisation.white[i]!),
  );
  const pixels = unit[0]!.length;
  const result = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    const plane = unit[unit.length === 1 ? 0 : channel]!;
    const offset = channel * pixels;
    const shift = mean[channel]!;
    const scale = 1 / std[channel]!;
    for (let i = 0; i < pixels; i++) result[offset + i] = (plane[i]! - shift) * scale;
  }
  return result;
}
