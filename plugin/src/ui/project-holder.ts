import type { Project } from 'alibi-zarr-schemas';
import { ProjectMemory } from '../session-project-memory.ts';
import type { Session } from '../session-types.ts';

/** Takes a project along from image to image, with what its images have taught. */
export class ProjectHolder {
  readonly memory = new ProjectMemory();
  #project: Project | null = null;
  /** Of the file it came from, or goes to. */
  fileName = 'project.json';

  /** The session's image is left: its strokes go along. */
  leave({ project }: Session): void {
    this.#project = project.current;
  }

  /** The project goes on with the session's image. */
  enter(session: Session): void {
    if (this.#project !== null) session.openProject(this.#project);
  }
}
