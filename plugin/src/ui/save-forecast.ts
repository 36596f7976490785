import type { AlibiError } from '../errors.ts';
import type { SaveForecast, SaveResult } from '../session-types.ts';
import { byteSize } from './words.ts';

/** What will be written, in a line: version, type, shape, chunks and shards, and how much it may be. */
export function forecastText(forecast: SaveForecast): string {
  const { version, dtype, compression, axes, levels, objects, bytes } = forecast;
  const [finest] = levels;
  if (finest === undefined) return '';
  const shards = finest.shards === null ? '' : ` in shards of ${by(finest.shards)}`;
  return [
    `OME-Zarr ${version}`,
    `${by(finest.shape)} (${axes.join(', ')}) ${dtype}`,
    levels.length === 1 ? '1 level' : `${levels.length} levels`,
    `chunks of ${by(finest.chunks)}${shards}, ${compression === 'none' ? 'not compressed' : compression}`,
    `hardly more than ${byteSize(bytes)}, at most ${objects} ${objects === 1 ? 'object' : 'objects'}`,
  ].join(' · ');
}

/** What was written, in a line. */
export function resultText(result: SaveResult): string {
  const { objects, bytes, seconds, resumed, validation, conflictCheck } = result;
  return [
    `${objects} ${objects === 1 ? 'object' : 'objects'}, ${byteSize(bytes)} in ${seconds.toFixed(1)} s`,
    ...(resumed === 0 ? [] : [`${resumed} chunks were finished before`]),
    validation.valid ? 'valid OME-Zarr' : `not valid: ${validation.message ?? 'unknown reason'}`,
    conflictCheck === 'excluded'
      ? 'the server kept out changes by others'
      : 'compared for changes by others before the last write',
    result.location,
  ].join(' · ');
}

export type Unfinished = NonNullable<SaveForecast['unfinished']>;

/** The interrupted save that a failure tells of, if it does. */
export function unfinishedIn(failure: AlibiError | null): Unfinished | null {
  const told = failure?.data.unfinished;
  return isUnfinished(told) ? told : null;
}

function isUnfinished(told: unknown): told is Unfinished {
  if (typeof told !== 'object' || told === null) return false;
  const { started, done, total }: Partial<Record<keyof Unfinished, unknown>> = told;
  return typeof started === 'string' && typeof done === 'number' && typeof total === 'number';
}

/** An interrupted save in words. */
export function unfinishedText({ started, done, total }: Unfinished): string {
  return `An interrupted save of this name is there: ${done} of ${total} chunks are done, begun ${new Date(started).toLocaleString()}.`;
}

function by(sizes: readonly number[]): string {
  return sizes.join(' × ');
}
