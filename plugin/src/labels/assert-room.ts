import type { DataType } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { WriteStore } from '../stores/store.ts';
import type { PyramidPlan } from './pyramid-plan.ts';
import { estimateSize } from './save-size.ts';

/**
 * Before a save begins: has the target the room, as far as it says?
 *
 * @param share  of the whole that is still to be written
 * @throws AlibiError Environment  it has not
 */
export async function assertRoom(
  target: WriteStore,
  { plan, dtype }: { readonly plan: PyramidPlan; readonly dtype: DataType },
  share: number,
): Promise<void> {
  const free = await target.free?.();
  const needed = Math.ceil(estimateSize(plan, dtype).bytes * share);
  if (free === undefined || free >= needed) return;
  throw new AlibiError('Environment', {
    what: `saving takes about ${megabytes(needed)}, and ${megabytes(free)} are free`,
    where: 'the target of the labels',
    remedy: 'Nothing has been written. Free some space, or save to another place.',
    data: { neededBytes: needed, freeBytes: free },
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toPrecision(3)} MB`;
}
