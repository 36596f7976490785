import { type StrokeHistory, strokeHistory } from './segment/strokes.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';

export interface PaintingEvents {
  readonly changed: (what: 'strokes' | 'classes') => void;
  /** Strokes are no longer those of the last training. */
  readonly outdated: () => void;
  /** Nothing has been painted for a moment: train. The signal aborts when strokes change again. */
  readonly train: (signal: AbortSignal) => Promise<unknown>;
}

/** How long nothing must be painted before training starts. */
const debounceMs = 120;

/** What a person paints: classes, strokes with undo, and when to train on them. */
export class Painting {
  #classes: readonly ClassSpec[] = [];
  #history: StrokeHistory = strokeHistory.empty;
  readonly #events: PaintingEvents;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #training: AbortController | null = null;
  #painted = 0;

  constructor(events: PaintingEvents) {
    this.#events = events;
  }

  get classes(): readonly ClassSpec[] {
    return this.#classes;
  }
  get strokes(): readonly Stroke[] {
    return this.#history.strokes;
  }
  get canUndo(): boolean {
    return strokeHistory.canUndo(this.#history);
  }
  get canRedo(): boolean {
    return strokeHistory.canRedo(this.#history);
  }

  addClass(spec: ClassSpec): number {
    this.#classes = [...this.#classes, spec];
    this.#events.changed('classes');
    return this.#classes.length - 1;
  }

  updateClass(index: number, spec: Partial<ClassSpec>): void {
    this.#classes = this.#classes.map((old, position) => (position === index ? { ...old, ...spec } : old));
    this.#events.changed('classes');
  }

  removeClass(index: number): void {
    this.#classes = this.#classes.filter((_, position) => position !== index);
    this.#events.changed('classes');
    this.#set(strokeHistory.removeClass(this.#history, index));
  }

  /** Another list of classes; strokes keep their numbers. */
  replaceClasses(classes: readonly ClassSpec[]): void {
    this.#classes = classes.map((spec) => ({ ...spec }));
    this.#events.changed('classes');
  }

  add(stroke: Omit<Stroke, 'id'>): void {
    this.addAll([stroke]);
  }
  /** Strokes that come and go together. */
  addAll(strokes: readonly Omit<Stroke, 'id'>[]): void {
    const named = strokes.map((stroke) => ({ ...stroke, id: `stroke-${++this.#painted}` }));
    this.#set(strokeHistory.add(this.#history, ...named));
  }
  undo(): void {
    this.#set(strokeHistory.undo(this.#history));
  }
  redo(): void {
    this.#set(strokeHistory.redo(this.#history));
  }
  clear(): void {
    this.#set(strokeHistory.clear(this.#history));
  }

  /** What is learned from strokes is another matter now, though they are the same. */
  touch(): void {
    this.#set({ ...this.#history });
  }

  /** Begin a training: the one before, due or under way, is over. */
  begin(): AbortSignal {
    this.stop();
    this.#training = new AbortController();
    return this.#training.signal;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#training?.abort();
    this.#training = null;
  }

  #set(history: StrokeHistory): void {
    if (history === this.#history) return;
    this.#history = history;
    this.stop();
    this.#events.outdated();
    this.#events.changed('strokes');
    this.#timer = setTimeout(() => {
      // Its failure is announced by whoever trains; an abort means that a newer stroke took over.
      this.#events.train(this.begin()).catch(() => undefined);
    }, debounceMs);
  }
}
