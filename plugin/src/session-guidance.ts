import { isAbort } from './errors.ts';
import type { Suggestion } from './segment/suggest-places.ts';
import type { UncertaintyKind } from './segment/uncertainty.ts';

/** Where the list of places to label next stands. Places of an old classifier are in none of these. */
export type GuideStatus =
  | { readonly kind: 'off' }
  /** There is no classifier of the present strokes yet. */
  | { readonly kind: 'waiting' }
  /** Places so far, what would tell most first, in pixels of the finest level. */
  | { readonly kind: 'looking' | 'ready'; readonly places: readonly Suggestion[] }
  | { readonly kind: 'failed' };

/** What a session does after every training to show where its classifier is unsure. */
export interface SessionGuidance {
  readonly status: GuideStatus;
  /** The uncertainty layer that is kept up to date; null where none is. */
  readonly uncertainty: UncertaintyKind | null;
  /** Places that were looked at and found right: none near them is suggested again. */
  readonly reviewed: readonly Suggestion[];
  /** List the places where a stroke would tell most, now and after every training; or stop that. */
  suggest(on: boolean): void;
  /** Show how unsure the classifier is, now and after every training; null: no more. */
  showUncertainty(kind: UncertaintyKind | null): void;
  /** A place is right as it is: take it off the list and leave its surroundings out of later ones. */
  review(place: Suggestion): void;
  /** Forget what was reviewed. */
  clearReviewed(): void;
}

export interface GuidanceEvents {
  readonly changed: () => void;
  /** Make the layer; its failure is announced by whoever makes it. */
  readonly layer: (kind: UncertaintyKind, signal: AbortSignal) => Promise<unknown>;
  readonly removeLayer: () => void;
  readonly look: (options: {
    readonly count: number;
    readonly isSettled: (place: Pick<Suggestion, 't' | 'z' | 'y' | 'x'>) => boolean;
    readonly onList: (places: readonly Suggestion[]) => void;
    readonly signal: AbortSignal;
  }) => Promise<readonly Suggestion[]>;
}

/** Length of the list: as many as a person goes through before the next training. */
const placeCount = 12;
/** What is nearer than this to a reviewed place counts as reviewed, in pixels of the finest level. */
const reviewedPx = 48;

/** Keeps the uncertainty layer and the list of places to label next in step with the classifier. */
export class Guidance implements SessionGuidance {
  readonly #events: GuidanceEvents;
  #isOn = false;
  #hasClassifier = false;
  #status: GuideStatus = { kind: 'off' };
  #uncertainty: UncertaintyKind | null = null;
  #reviewed: readonly Suggestion[] = [];
  #looking: AbortController | null = null;
  #drawing: AbortController | null = null;

  constructor(events: GuidanceEvents) {
    this.#events = events;
  }

  get status(): GuideStatus {
    return this.#status;
  }
  get uncertainty(): UncertaintyKind | null {
    return this.#uncertainty;
  }
  get reviewed(): readonly Suggestion[] {
    return this.#reviewed;
  }

  suggest(on: boolean): void {
    if (on === this.#isOn) return;
    this.#isOn = on;
    this.#look();
  }

  showUncertainty(kind: UncertaintyKind | null): void {
    this.#uncertainty = kind;
    this.#draw();
    this.#events.changed();
  }

  review(place: Suggestion): void {
    this.#reviewed = [...this.#reviewed, place];
    const { status } = this;
    if ('places' in status) {
      this.#set({ ...status, places: status.places.filter((other) => other !== place) });
    }
  }

  clearReviewed(): void {
    this.#reviewed = [];
    this.#look();
  }

  /** A classifier of the present strokes is there. */
  trained(): void {
    this.#hasClassifier = true;
    this.#look();
    this.#draw();
  }

  /** Strokes have changed: nothing that was said of them holds any more. */
  outdated(): void {
    this.#hasClassifier = false;
    this.#look();
    this.#draw();
  }

  /** The layer was taken away by hand: it does not come back. */
  layerRemoved(): void {
    this.#uncertainty = null;
    this.#drawing?.abort();
  }

  stop(): void {
    this.#looking?.abort();
    this.#drawing?.abort();
  }

  #look(): void {
    this.#looking?.abort();
    this.#looking = null;
    if (!this.#isOn || !this.#hasClassifier) {
      this.#set({ kind: this.#isOn ? 'waiting' : 'off' });
      return;
    }
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#set({ kind: 'looking', places: [] });
    const show = (kind: 'looking' | 'ready') => (places: readonly Suggestion[]) => {
      if (!signal.aborted) this.#set({ kind, places: places.filter((place) => !this.#isReviewed(place)) });
    };
    this.#events
      .look({
        count: placeCount,
        isSettled: (place) => this.#isReviewed(place),
        onList: show('looking'),
        signal,
      })
      .then(show('ready'), (error: unknown) => {
        // Cancelled by hand: what was found so far stays.
        if (signal.aborted) return;
        const places = 'places' in this.#status ? this.#status.places : [];
        this.#set(isAbort(error) ? { kind: 'ready', places } : { kind: 'failed' });
      });
  }

  #draw(): void {
    this.#drawing?.abort();
    this.#drawing = null;
    if (this.#uncertainty === null || !this.#hasClassifier) {
      this.#events.removeLayer();
      return;
    }
    this.#drawing = new AbortController();
    this.#events.layer(this.#uncertainty, this.#drawing.signal).catch(() => undefined);
  }

  #isReviewed({ t, z, y, x }: Pick<Suggestion, 't' | 'z' | 'y' | 'x'>): boolean {
    return this.#reviewed.some(
      (place) => place.t === t && place.z === z && Math.hypot(place.y - y, place.x - x) < reviewedPx,
    );
  }

  #set(status: GuideStatus): void {
    this.#status = status;
    this.#events.changed();
  }
}
