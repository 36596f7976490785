import type { Project } from 'alibi-zarr-schemas';
import { publicLocation } from './labels/provenance.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { defaultComponents } from './segment/recipe.ts';
import { strokeHistory } from './segment/strokes.ts';
import type { Painting } from './session-painting.ts';
import { imageIn, isOf, openInto, projectOf } from './session-project.ts';
import type { ProjectEntry } from './session-project-samples.ts';
import type { OpenedRegion, RegionOfInterest } from './session-region.ts';
import type { Review } from './session-review.ts';
import type { Learning } from './session-types.ts';

/** An image of a project with what counts of it. */
export interface Entry extends ProjectEntry {
  readonly isOnShow: boolean;
}

export interface ProjectImagesContext {
  readonly image: () => OmeImage;
  readonly painting: Painting;
  readonly review: Pick<Review, 'slices' | 'replace'>;
  readonly region: () => OpenedRegion | null;
  readonly setRegion: (region: RegionOfInterest) => void;
  readonly learning: () => Learning;
  /** What a project says of features and learner holds from now on. */
  readonly setLearning: (learning: Pick<Learning, 'recipe' | 'classifier'>) => void;
  readonly changed: () => void;
}

/** Where features of the image on show are computed, as the project keeps it; absent: as they would be without being told. */
export interface Seen {
  readonly level: number | undefined;
  /** Of the first image, whose channels are those of all. */
  readonly channels?: number[];
}

/** The images of a session's project: the one on show, as it is now, among the others, as they were opened. */
export class ProjectImages {
  readonly #context: ProjectImagesContext;
  /** What the file says but classes, images and learning; null: there is no project. */
  #rest: Pick<Project, 'name'> | null = null;
  #entries: readonly ProjectEntry[] = [];
  #seen: Seen | null = null;

  constructor(context: ProjectImagesContext) {
    this.#context = context;
  }

  get isOpen(): boolean {
    return this.#rest !== null;
  }

  /** The project as it would be saved now; null where there is none. */
  get current(): Project | null {
    if (this.#rest === null) return null;
    const { painting, learning } = this.#context;
    return projectOf({ ...this.#rest, classes: painting.classes, images: this.list, learning: learning() });
  }

  /** In the order of the file. The image on show is among them once it is painted on or reviewed. */
  get list(): readonly Entry[] {
    const others = this.#entries.map((entry): Entry => ({ ...entry, isOnShow: this.#isOnShow(entry) }));
    const at = others.findIndex(({ isOnShow }) => isOnShow);
    const own = this.#own(others[at]);
    if (at !== -1) return others.with(at, own);
    const isEmpty = own.strokes.length === 0 && own.reviewed === undefined;
    return this.isOpen && isEmpty ? others : [...others, own];
  }

  /** What is learned from. */
  get painted(): readonly Entry[] {
    return this.list.filter(({ strokes }) => strokes.length > 0);
  }

  /** Whether two classes have a stroke each, the least a classifier learns from. */
  get isTrainable(): boolean {
    const used = new Set(this.painted.flatMap(({ strokes }) => strokes.map(({ classIndex }) => classIndex)));
    used.delete(null);
    return used.size >= 2;
  }

  see(seen: Seen): void {
    this.#seen = seen;
  }

  /** @returns  strokes brought to the image on show; null where it is not in the project */
  open(project: Project): number | null {
    const { image, painting, review, setLearning, setRegion, changed } = this.#context;
    const brought = openInto(painting, project, image());
    const { name, recipe = {}, learning = {} } = project;
    this.#rest = name === undefined ? {} : { name };
    this.#entries = project.images;
    this.#seen = null;
    const { sharedBasis, components = defaultComponents, ...features } = recipe;
    // Without the basis of its colours the first image has another one, of so many components.
    setLearning({
      recipe: sharedBasis === true ? features : { ...features, components },
      classifier: learning,
    });
    const { region, reviewed } = imageIn(project, image()) ?? {};
    if (region !== undefined) setRegion(region);
    review.replace(reviewed);
    // A classifier that the project names is used instead of learning, until somebody paints.
    if (project.classifier === undefined) this.#learnAnew();
    changed();
    return brought;
  }

  /** Begin a project with the image on show. */
  begin(): void {
    this.#rest = {};
    this.#entries = [this.#own()];
    this.#context.changed();
  }

  close(): void {
    this.#learnAnew();
    this.#rest = null;
    this.#entries = [];
    this.#context.changed();
  }

  /** A class has left the list: the strokes of the other images follow. */
  classRemoved(index: number): void {
    this.#entries = this.#entries.map((entry) => ({
      ...entry,
      strokes: strokeHistory.removeClass({ strokes: entry.strokes, past: [], future: [] }, index).strokes,
    }));
  }

  #learnAnew(): void {
    if (this.painted.some(({ isOnShow }) => !isOnShow)) this.#context.painting.touch();
  }

  #own(opened?: ProjectEntry): Entry {
    const { image, painting, review, region } = this.#context;
    const { source, level, channels } = opened ?? { source: publicLocation(image().location) };
    const seen = { level, channels, ...this.#seen };
    const inside = region();
    return {
      source,
      ...(seen.level === undefined ? {} : { level: seen.level }),
      ...(seen.channels === undefined ? {} : { channels: seen.channels }),
      ...(review.slices.length === 0 ? {} : { reviewed: [...review.slices] }),
      ...(inside === null ? {} : { region: inside.region }),
      strokes: painting.strokes,
      isOnShow: true,
    };
  }

  #isOnShow({ source }: Pick<Entry, 'source'>): boolean {
    return isOf({ source }, this.#context.image());
  }
}
