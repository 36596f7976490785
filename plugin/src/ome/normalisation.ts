import { AlibiError } from '../errors.ts';
import type { ReadOptions } from './metadata-file.ts';
import type { OmeImage } from './ome-image.ts';

/** What the encoder sees of an image; the same shape as the encoder's `Normalisation`. */
export interface ImageNormalisation {
  /** One index (shown as grey) or three (as red, green, blue). */
  readonly channels: readonly number[];
  /** Stored value that becomes 0 and stored value that becomes 1, for each of `channels`. */
  readonly black: readonly number[];
  readonly white: readonly number[];
}

/**
 * The normalisation an image is opened with, a function of the file and the channels alone.
 *
 * Channels: the three of an RGB picture, else the first active one. Black and white points: start and end of
 * the `omero` window where both are given, else the 0.1 and 99.9 percentiles of the coarsest level
 * over all z and t. `white > black` always.
 *
 * @param channels  one or three indices along `c`
 * @throws AlibiError InvalidInput  a channel the image has not, or two or more than three of them
 */
export async function defaultNormalisation(
  image: OmeImage,
  channels: readonly number[] = defaultChannels(image),
  options: ReadOptions = {},
): Promise<ImageNormalisation> {
  options.signal?.throwIfAborted();
  if (channels.length !== 1 && channels.length !== 3) {
    throw new AlibiError('InvalidInput', {
      what: `${channels.length} channels chosen`,
      where: image.location,
      remedy: 'Choose one channel (shown as grey) or three (as red, green and blue).',
    });
  }
  const strange = channels.find((channel) => image.channels[channel] === undefined);
  if (strange !== undefined) {
    throw new AlibiError('InvalidInput', {
      what: `channel ${strange} is not in the image`,
      where: image.location,
      remedy: `Choose among 0 to ${image.channels.length - 1}.`,
    });
  }
  const chosen = channels.map((channel) => image.channels[channel]!);
  // openImage has already put the percentiles where the file gives no window.
  return {
    channels: [...channels],
    black: chosen.map((channel) => channel.window.start),
    white: chosen.map((channel) => channel.window.end),
  };
}

/** The three channels of an RGB picture, else the first active one. */
export function defaultChannels(image: OmeImage): number[] {
  if (image.rgb) return [0, 1, 2];
  return [
    Math.max(
      0,
      image.channels.findIndex((channel) => channel.active),
    ),
  ];
}
