import type { Project } from 'alibi-zarr-schemas';

/** The project a person works on, from image to image; none at first. */
export class ProjectHolder extends EventTarget {
  #project: Project | null = null;
  #fileName = 'project.json';

  get project(): Project | null {
    return this.#project;
  }
  /** Name of the file it came from. */
  get fileName(): string {
    return this.#fileName;
  }

  set(project: Project | null, fileName = this.#fileName): void {
    this.#project = project;
    this.#fileName = fileName;
    this.dispatchEvent(new Event('change'));
  }
}
