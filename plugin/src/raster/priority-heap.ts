/**
 * Items taken by rank, smallest first; equal ranks in the order they were put in.
 *
 * @param capacity  most items ever put in
 */
export function createPriorityHeap(capacity: number) {
  const items = new Uint32Array(capacity);
  const ranks = new Uint32Array(capacity);
  /** Positions of items, as a binary heap. */
  const heap = new Uint32Array(capacity);
  let put = 0;
  let size = 0;
  const before = (a: number, b: number): boolean => ranks[a]! < ranks[b]! || (ranks[a] === ranks[b] && a < b);

  return {
    get size() {
      return size;
    },
    push(item: number, rank: number): void {
      const entry = put++;
      items[entry] = item;
      ranks[entry] = rank;
      let at = size++;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(entry, heap[parent]!)) break;
        heap[at] = heap[parent]!;
        at = parent;
      }
      heap[at] = entry;
    },
    /** The next item; there must be one. */
    pop(): number {
      const top = heap[0]!;
      const entry = heap[--size]!;
      let at = 0;
      for (let child = 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, entry)) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = entry;
      return items[top]!;
    },
  };
}
