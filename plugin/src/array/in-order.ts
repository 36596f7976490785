/**
 * Run `start` on every item, up to `ahead` at a time, and hand the results out in the order of the items: the next ones
 * are on their way while one is worked on. When the caller stops early, or one fails, no further item starts.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  ahead: number,
  start: (item: T) => Promise<R>,
): AsyncGenerator<{ readonly item: T; readonly result: R }> {
  const under: { readonly item: T; readonly result: Promise<R> }[] = [];
  const iterator = items[Symbol.iterator]();
  const fill = (): void => {
    while (under.length < ahead) {
      const next = iterator.next();
      if (next.done) return;
      const result = start(next.value);
      // A failure is thrown when its turn comes; until then nobody waits for it.
      result.catch(() => undefined);
      under.push({ item: next.value, result });
    }
  };
  try {
    for (fill(); under.length > 0; fill()) {
      const { item, result } = under[0]!;
      const value = await result;
      under.shift();
      yield { item, result: value };
    }
  } finally {
    await Promise.allSettled(under.map(({ result }) => result));
  }
}
