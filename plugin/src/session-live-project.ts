import type { Project } from 'alibi-zarr-schemas';
import type { AlibiError } from './errors.ts';
import { Gathering, type GatheringContext } from './session-gathering.ts';
import type { Painting } from './session-painting.ts';
import { type Entry, ProjectImages, type ProjectImagesContext } from './session-project-images.ts';

/** An image of the project, and whether the classifier learns from it. */
export interface ProjectImageStatus {
  /** Address, or name. */
  readonly source: string;
  readonly strokes: number;
  readonly isOnShow: boolean;
  /** Slices found right; true: every one. */
  readonly reviewed: number | true;
  readonly state:
    | { readonly kind: 'unpainted' | 'waiting' | 'learned' }
    /** It could not be read, or (null) a person cancelled that. */
    | { readonly kind: 'left-out'; readonly error: AlibiError | null };
}

/** The project of a session: the image on show and the others that its classifier learns from. */
export interface SessionProject {
  /** As it would be saved now, with the strokes that are on show; null where there is none. */
  readonly current: Project | null;
  readonly images: readonly ProjectImageStatus[];
  /** Begin one with the image on show. */
  begin(): void;
  /** Try the images again that were left out. */
  retry(): void;
  /** Learn from the image on show alone. */
  close(): void;
}

type Context = ProjectImagesContext &
  Omit<GatheringContext, 'images' | 'classes'> & { readonly painting: Painting };

/** Which images a project has, joined with what is learned from them. */
export class LiveProject implements SessionProject {
  readonly parts: ProjectImages;
  readonly gathering: Gathering;
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
    this.parts = new ProjectImages(context);
    this.gathering = new Gathering({
      ...context,
      images: this.parts,
      classes: () => context.painting.classes,
    });
  }

  get current(): Project | null {
    return this.parts.current;
  }

  get images(): readonly ProjectImageStatus[] {
    return this.parts.isOpen ? this.parts.list.map((entry) => this.#statusOf(entry)) : [];
  }

  open(project: Project): number | null {
    this.gathering.forgive();
    return this.parts.open(project);
  }

  begin(): void {
    this.parts.begin();
  }

  retry(): void {
    this.gathering.forgive();
    this.#context.painting.touch();
    this.#context.changed();
  }

  close(): void {
    this.parts.close();
  }

  #statusOf({ source, strokes, isOnShow, reviewed = false }: Entry): ProjectImageStatus {
    const error = this.gathering.leftOut(source);
    const slices = typeof reviewed === 'boolean' ? reviewed || 0 : reviewed.length;
    const about = { source, strokes: strokes.length, isOnShow, reviewed: slices };
    if (strokes.length === 0) return { ...about, state: { kind: 'unpainted' } };
    if (error !== undefined) return { ...about, state: { kind: 'left-out', error } };
    return { ...about, state: { kind: this.gathering.isLearned(source) ? 'learned' : 'waiting' } };
  }
}
