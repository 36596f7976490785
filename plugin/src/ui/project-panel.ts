import { css, html, LitElement, nothing } from 'lit';
import type { ProjectImageStatus } from '../session-live-project.ts';
import { projectText } from '../session-project.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { download } from './download.ts';
import { icons } from './icons.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';
import { counted, sentence } from './words.ts';

/** The images whose strokes teach one classifier, and which of them it has learned from. */
export class AlibiZarrProject extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .buttons { display: flex; flex-wrap: wrap; gap: 4px; }
      .buttons button { height: 26px; font-size: 12px; }
      ul { list-style: none; margin: 0; padding: 0; max-height: 144px; overflow: auto; scrollbar-width: thin; scrollbar-color: var(--az-line) transparent; }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 8px; padding: 2px 6px; border-radius: var(--az-radius); }
      li.on-show { background: var(--az-raised); }
      li .count { color: var(--az-muted); }
      li .why { grid-column: 1 / -1; overflow-wrap: anywhere; }
      .warn { color: var(--az-warn); }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { project } = workspace.session;
    return html`${sectionHeader('Project')}${project.current === null ? this.#none(workspace) : this.#images(workspace)}`;
  }

  #none({ session }: Workspace) {
    return html`<div class="stack">
      <button
        id="add-to-project"
        ?disabled=${session.classes.length < 2}
        title="Needs two classes. Then open other images and paint there too: the classifier learns from all of them"
        @click=${() => session.project.begin()}
      >${icons.plus} Start a project with this image</button>
    </div>`;
  }

  #images(workspace: Workspace) {
    const { session, projects } = workspace;
    const { images } = session.project;
    const isAnyLeftOut = images.some(({ state }) => state.kind === 'left-out');
    return html`<div class="stack">
      <p class="small" id="learned-from" role="status">${learnedFrom(images)}</p>
      <ul class="small" aria-label="Images of the project">${images.map(imageItem)}</ul>
      <div class="buttons">
        ${isAnyLeftOut ? html`<button id="retry-images" @click=${() => session.project.retry()}>Try again</button>` : nothing}
        <button
          id="save-project"
          title="Download the project with all of its strokes: alibi-zarr segment --project learns the same"
          @click=${() => save(workspace)}
        >${icons.save} Save ${projects.fileName}</button>
        <button id="close-project" title="Learn from this image alone; save the project first to keep it" @click=${() => session.project.close()}>Close</button>
      </div>
    </div>`;
  }
}

function learnedFrom(images: readonly ProjectImageStatus[]): string {
  const painted = images.filter(({ strokes }) => strokes > 0);
  const learned = painted.filter(({ state }) => state.kind === 'learned');
  if (learned.length === 0) return 'The classifier has learned from none of its images yet.';
  const strokes = learned.reduce((sum, image) => sum + image.strokes, 0);
  const all = learned.length < painted.length ? ` of ${painted.length}` : '';
  return `The classifier learned from ${learned.length}${all} ${painted.length === 1 ? 'image' : 'images'}, ${counted(strokes, 'stroke')}.`;
}

function imageItem({ source, strokes, isOnShow, reviewed, state }: ProjectImageStatus) {
  const slices = reviewed === true ? ', reviewed' : reviewed > 0 ? `, ${reviewed} reviewed` : '';
  return html`<li class=${isOnShow ? 'on-show' : ''} aria-current=${isOnShow ? 'true' : 'false'}>
    <span class="clip" title=${source}>${nameOf(source)}</span>
    <span class="count">${counted(strokes, 'stroke')}${slices}${state.kind === 'waiting' ? ', not learned yet' : ''}</span>
    ${
      state.kind === 'left-out'
        ? html`<span class="why warn">${state.error === null ? 'Left out: its reading was cancelled.' : `Left out: ${sentence(state.error.what)}.`}</span>`
        : nothing
    }
  </li>`;
}

/** The end of an address or path, of a plate's field from the plate on: fields of all wells are called alike. */
function nameOf(source: string): string {
  const parts = source.replace(/[/\\]+$/, '').split(/[/\\]/);
  const store = parts.findIndex((part) => /\.zarr$/i.test(part));
  return parts.slice(store === -1 ? -1 : store).join('/');
}

function save({ session, projects }: Workspace): void {
  const { current } = session.project;
  if (current !== null) download(projects.fileName, projectText(current), 'application/json');
}
