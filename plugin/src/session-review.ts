/** One picture of a stack or a movie, in indices of the finest level. */
export interface Slice {
  readonly z: number;
  readonly t: number;
}

/** Slices whose segmentation a person has looked at and found right; a project keeps them. */
export interface SessionReview {
  /** In order of t, then z; the same list until the next change. */
  readonly slices: readonly Slice[];
  /** Slices of the image. */
  readonly total: number;
  has(slice: Slice): boolean;
  set(slice: Slice, isReviewed: boolean): void;
  /** The next slice that is not reviewed, along z first, from the beginning again at the end; null where all are. */
  next(after: Slice): Slice | null;
}

/** Which slices of an image of `depth` × `times` were reviewed. */
export class Review implements SessionReview {
  readonly #size: { readonly depth: number; readonly times: number };
  readonly #changed: () => void;
  readonly #reviewed = new Set<number>();
  /** The same until the next change. */
  #slices: readonly Slice[] = [];

  constructor(size: { readonly depth: number; readonly times: number }, changed: () => void) {
    this.#size = size;
    this.#changed = changed;
  }

  get slices(): readonly Slice[] {
    return this.#slices;
  }
  get total(): number {
    return this.#size.depth * this.#size.times;
  }

  has(slice: Slice): boolean {
    return this.#reviewed.has(this.#indexOf(slice));
  }

  set(slice: Slice, isReviewed: boolean): void {
    if (isReviewed) this.#reviewed.add(this.#indexOf(slice));
    else this.#reviewed.delete(this.#indexOf(slice));
    this.#update();
  }

  next(after: Slice): Slice | null {
    const from = this.#indexOf(after);
    for (let step = 1; step <= this.total; step++) {
      const index = (from + step) % this.total;
      if (!this.#reviewed.has(index)) return this.#sliceAt(index);
    }
    return null;
  }

  /** @param reviewed  as a project has it: true is every slice; what lies outside the image is left out */
  replace(reviewed: boolean | readonly Slice[] = []): void {
    const { depth, times } = this.#size;
    this.#reviewed.clear();
    const all = Array.from({ length: reviewed === true ? this.total : 0 }, (_, index) =>
      this.#sliceAt(index),
    );
    for (const slice of typeof reviewed === 'boolean' ? all : reviewed) {
      if (slice.z < depth && slice.t < times) this.#reviewed.add(this.#indexOf(slice));
    }
    this.#update();
  }

  #update(): void {
    this.#slices = [...this.#reviewed].sort((a, b) => a - b).map((index) => this.#sliceAt(index));
    this.#changed();
  }

  #indexOf({ z, t }: Slice): number {
    return t * this.#size.depth + z;
  }

  #sliceAt(index: number): Slice {
    const { depth } = this.#size;
    return { z: index % depth, t: Math.floor(index / depth) };
  }
}
