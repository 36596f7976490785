import { mostPositionalChannels } from '../bench/probe/positional-channels.ts';
import { invalidFlag, whole } from '../flag-values.ts';
import type { PictureSource } from './sources.ts';
import type { Teacher } from './teacher.ts';
import { type ViewOptions, Views } from './views.ts';

/** Channels that the target does not have: chosen by number, or the k most positional of the teacher's. */
export type Blanking = readonly number[] | { readonly mostPositional: number };

/** Views that the most positional channels are found on. */
const VIEWS = 24;

/** @param text  auto:K, none, or numbers @throws AlibiError  InvalidInput */
export function blankingOf(text: string): Blanking {
  if (text === 'none') return [];
  const [, count] = /^auto:(\d+)$/.exec(text) ?? [];
  if (count !== undefined) return { mostPositional: Number(count) };
  return text.split(',').map((part) => whole(part, '--blank', 0));
}

/**
 * The numbers of the channels to leave out.
 *
 * @throws AlibiError  InvalidInput: a channel that there is not
 */
export async function blankedChannels(
  blank: Blanking,
  o: {
    readonly teacher: Teacher;
    readonly sources: readonly PictureSource[];
    readonly views: Omit<ViewOptions, 'sizePx'>;
    /** Along a side of a view. */
    readonly tokens: number;
    readonly patch: number;
    readonly dim: number;
  },
): Promise<readonly number[]> {
  if (!('mostPositional' in blank)) {
    const beyond = blank.find((channel) => channel >= o.dim);
    if (beyond === undefined) return blank;
    throw invalidFlag(`there is no channel ${beyond}: the teacher has 0 to ${o.dim - 1}`, '--blank');
  }
  const { tokens: side, dim } = o;
  const views = new Views(o.sources, { ...o.views, sizePx: side * o.patch });
  const data = new Float32Array(VIEWS * side * side * dim);
  for (let n = 0; n < VIEWS; n++) {
    const tokens = await o.teacher.tokens(await views.view(n), 1, side * o.patch);
    data.set(tokens, n * side * side * dim);
  }
  return mostPositionalChannels({ images: VIEWS, rows: side, cols: side, dim, data }, blank.mostPositional);
}
