import { ContextConsumer, createContext } from '@lit/context';
import type { ReactiveController, ReactiveElement } from 'lit';
import type { StrokeKeeper } from '../session-stroke-keeper.ts';
import type { Session } from '../session-types.ts';
import type { Display } from './display.ts';
import type { ProjectHolder } from './project-holder.ts';

/** What every panel works on: a session, how it is looked at, the project that images are gathered in, and what keeps its strokes. */
export interface Workspace {
  readonly session: Session;
  readonly display: Display;
  readonly projects: ProjectHolder;
  readonly keeper: StrokeKeeper;
}

export const workspaceContext = createContext<Workspace | null>(Symbol('alibi-zarr workspace'));

/** Reads the workspace from context and redraws the element whenever session or display changes. */
export class WorkspaceController implements ReactiveController {
  readonly #host: ReactiveElement;
  #workspace: Workspace | null = null;
  #listening: AbortController | null = null;

  constructor(host: ReactiveElement) {
    this.#host = host;
    host.addController(this);
    new ContextConsumer(host, {
      context: workspaceContext,
      subscribe: true,
      callback: (workspace) => this.#follow(workspace ?? null),
    });
  }

  get workspace(): Workspace | null {
    return this.#workspace;
  }

  hostConnected(): void {
    this.#listen();
  }

  hostDisconnected(): void {
    this.#listening?.abort();
    this.#listening = null;
  }

  #follow(workspace: Workspace | null): void {
    this.#workspace = workspace;
    this.#listen();
    this.#host.requestUpdate();
  }

  #listen(): void {
    this.#listening?.abort();
    this.#listening = null;
    if (this.#workspace === null) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const changed = () => this.#host.requestUpdate();
    this.#workspace.session.addEventListener('change', changed, { signal });
    this.#workspace.display.addEventListener('change', changed, { signal });
    this.#workspace.keeper.addEventListener('change', changed, { signal });
  }
}
