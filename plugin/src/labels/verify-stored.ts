import { crc32c } from '../stores/crc32c.ts';
import type { StoreOptions, WriteStore } from '../stores/store.ts';
import { forEachConcurrent } from './concurrent.ts';
import type { Journal } from './journal.ts';

/** Objects read back at once. */
const readsAtOnce = 4;

/**
 * Read back what the journal says is stored. What is missing or is not what was written (a machine that lost its power
 * before the disk had everything) is forgotten, so that it is made again.
 */
export async function verifyStored(
  store: WriteStore,
  journal: Journal,
  options: StoreOptions,
): Promise<void> {
  await forEachConcurrent([...journal.finished.values()], readsAtOnce, async (object) => {
    if (object.bytes === 0) return;
    const bytes = await store.get(object.key, options);
    if (bytes?.length !== object.bytes || crc32c(bytes) !== object.crc32c) journal.forget(object.key);
  });
}
