/**
 * Disjoint sets over 0, 1, 2, …, grown as needed. The representative of a set is its smallest member, whatever the order
 * of the unions.
 *
 * Source: Tarjan, Efficiency of a good but not linear set union algorithm, 1975 (path halving).
 */
export class UnionFind {
  #parents: Uint32Array;
  #size = 0;

  constructor(capacity = 1024) {
    this.#parents = new Uint32Array(Math.max(1, capacity));
  }

  get size(): number {
    return this.#size;
  }

  /** Append `count` sets of one member each. */
  grow(count: number): void {
    const size = this.#size + count;
    if (size > this.#parents.length) {
      const larger = new Uint32Array(Math.max(size, 2 * this.#parents.length));
      larger.set(this.#parents.subarray(0, this.#size));
      this.#parents = larger;
    }
    for (let i = this.#size; i < size; i++) this.#parents[i] = i;
    this.#size = size;
  }

  find(member: number): number {
    const parents = this.#parents;
    let at = member;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  union(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    if (first < second) this.#parents[second] = first;
    else this.#parents[first] = second;
  }
}
