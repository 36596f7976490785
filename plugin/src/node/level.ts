import { axisIndex } from '../array/lazy-array.ts';
import { micrometersPer } from '../array/length-unit.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { type Flags, invalid } from './flags.ts';

/**
 * The level `--level n` or `--um-per-pixel x` (the nearest level not finer than x) names; undefined where
 * neither is given.
 *
 * @throws AlibiError InvalidInput  both, or no such level
 */
export function levelOf(flags: Flags, image: OmeImage, command: string): number | undefined {
  const level = flags.integer('level', 0);
  const sizeUm = flags.number('um-per-pixel');
  if (level !== undefined && sizeUm !== undefined) {
    throw invalid('both --level and --um-per-pixel are given', { name: command }, 'Give one of them.');
  }
  if (sizeUm !== undefined) return levelOfSize(image, sizeUm, command);
  if (level !== undefined) assertLevel(image, level, '--level', command);
  return level;
}

/** The level `--label-level` names, else the finest. */
export function labelLevelOf(flags: Flags, image: OmeImage, command: string): number {
  const level = flags.integer('label-level', 0) ?? 0;
  assertLevel(image, level, '--label-level', command);
  return level;
}

function assertLevel(image: OmeImage, level: number, flag: string, command: string): void {
  if (level < image.levels.length) return;
  throw invalid(
    `${flag} is ${level}`,
    { name: command },
    `The image has the levels 0 to ${image.levels.length - 1}.`,
  );
}

function levelOfSize(image: OmeImage, wantedUm: number, command: string): number {
  const sizes = image.levels.map((_, level) => pixelSizeUm(image, level));
  const known = sizes.filter((size) => size !== undefined);
  if (known.length < sizes.length) {
    throw invalid(
      '--um-per-pixel is given',
      { name: command },
      'The image states no unit of length: use --level.',
    );
  }
  const level = known.findIndex((size) => size >= wantedUm * (1 - 1e-9));
  if (wantedUm > 0 && level !== -1) return level;
  const range = `${known[0]} to ${known.at(-1)} µm`;
  throw invalid(`--um-per-pixel is ${wantedUm}`, { name: command }, `The levels have pixels of ${range}.`);
}

/** Width of a pixel of a level in micrometres; undefined where the file states no unit we know. */
export function pixelSizeUm(image: OmeImage, level: number): number | undefined {
  const x = axisIndex(image.axes, 'x');
  const unit = micrometersPer(image.axes[x]?.unit);
  const scale = image.levels[level]?.transform.scale[x];
  return unit === undefined || scale === undefined ? undefined : unit * scale;
}
