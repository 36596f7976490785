import { isWritable, type ReadStore, type WriteStore } from './store.ts';

/**
 * Part of a store as a store of its own: key `/zarr.json` there is `/<path>/zarr.json` here. Writable where
 * the store is.
 *
 * @param path  below the root, such as `A/1/0`; slashes at its ends do not matter
 */
export function below(store: ReadStore, path: string): ReadStore | WriteStore {
  const prefix = path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => `/${part}`)
    .join('');
  const at = (key: `/${string}`): `/${string}` => `/${`${prefix}${key}`.slice(1)}`;
  const getRange = store.getRange?.bind(store);
  const readable: ReadStore = {
    get: (key, options) => store.get(at(key), options),
    ...(getRange ? { getRange: (key, range, options) => getRange(at(key), range, options) } : {}),
  };
  if (!isWritable(store)) return readable;
  const { conditional } = store;
  const list = store.list?.bind(store);
  const tidy = store.tidy?.bind(store);
  const free = store.free?.bind(store);
  return {
    ...readable,
    set: (key, value, options) => store.set(at(key), value, options),
    delete: (key, options) => store.delete(at(key), options),
    ...(free ? { free } : {}),
    ...(tidy ? { tidy: (folder, options) => tidy(at(folder), options) } : {}),
    ...(conditional
      ? {
          conditional: {
            get: (key, options) => conditional.get(at(key), options),
            set: (key, value, tag, options) => conditional.set(at(key), value, tag, options),
          },
        }
      : {}),
    ...(list
      ? {
          async *list(from, options) {
            for await (const key of list(at(from), options))
              yield `/${key.slice(prefix.length + 1)}` as const;
          },
        }
      : {}),
  };
}
