import { css, html, LitElement, nothing } from 'lit';
import type { LabelEditing } from '../session-editing.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import type { EditTool } from './display.ts';
import { idColor, takeNewId } from './edit-tools.ts';
import { icons } from './icons.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';
import { byteSize } from './words.ts';

const tools: readonly {
  readonly tool: EditTool;
  readonly name: string;
  readonly title: string;
  readonly icon: keyof typeof icons;
  /** What to do with it. */
  readonly hint: string;
}[] = [
  { tool: 'pan', name: 'Move', title: 'Move (6)', icon: 'pan', hint: 'Drag to move, scroll to zoom.' },
  {
    tool: 'brush',
    name: 'Brush',
    title: 'Brush (2)',
    icon: 'paint',
    hint: 'Paint with the id below, in this slice.',
  },
  { tool: 'erase', name: 'Erase', title: 'Erase (1)', icon: 'erase', hint: 'Erase in this slice.' },
  {
    tool: 'fill',
    name: 'Fill',
    title: 'Fill (4)',
    icon: 'fill',
    hint: 'Click: what hangs together there gets the id below.',
  },
  {
    tool: 'pick',
    name: 'Pick',
    title: 'Pick an id (5)',
    icon: 'pick',
    hint: 'Click an object to take its id.',
  },
  {
    tool: 'merge',
    name: 'Merge',
    title: 'Merge objects',
    icon: 'merge',
    hint: 'Click those that are to become the id below, in all slices.',
  },
  {
    tool: 'split',
    name: 'Split',
    title: 'Split an object (3)',
    icon: 'split',
    hint: 'Draw a line through an object: it is cut in this slice.',
  },
  {
    tool: 'delete',
    name: 'Delete',
    title: 'Delete an object',
    icon: 'remove',
    hint: 'Click an object to delete it, in all slices.',
  },
];

/** Tools that correct labels by hand; shown while some are edited. */
export class AlibiZarrEditing extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .tools { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4px; }
      .tools button { height: 28px; padding: 0 4px; font-size: 12px; gap: 4px; }
      .swatch { width: 14px; height: 14px; border-radius: 4px; border: 1px solid rgb(255 255 255 / 25%); flex: none; }
      .id input { width: 90px; height: 26px; }
      .warn { color: var(--az-warn); }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override willUpdate(): void {
    this.hidden = (this.#workspace.workspace?.session.editing.current ?? null) === null;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    const current = workspace?.session.editing.current ?? null;
    if (workspace === null || current === null) return nothing;
    const { session, display } = workspace;
    const { edit } = display.state;
    const layer = session.layers.find(({ id }) => id === current.layerId);
    const actions = [
      this.#action('Undo the edit', 'Undo (Ctrl+Z)', icons.undo, !current.canUndo, () => current.undo()),
      this.#action('Redo the edit', 'Redo (Ctrl+Shift+Z)', icons.redo, !current.canRedo, () =>
        current.redo(),
      ),
    ];
    return html`
      ${sectionHeader('Edit by hand', ...actions)}
      <div class="stack">
        <p class="small muted clip" title=${layer?.name ?? ''}>${layer?.name}</p>
        <div class="tools" role="radiogroup" aria-label="Editing tool">
          ${tools.map(
            ({ tool, name, title, icon }) => html`<button
              role="radio"
              aria-checked=${edit.tool === tool}
              title=${title}
              @click=${() => display.update({ edit: { ...edit, tool } })}
            >${icons[icon]} ${name}</button>`,
          )}
        </div>
        <p class="small muted">${tools.find(({ tool }) => tool === edit.tool)?.hint}</p>
        ${this.#id(workspace)} ${this.#memory(current)}
        <button id="stop-editing" title="The layer stays, and can be saved" @click=${() => session.editing.stop()}>Done</button>
      </div>
    `;
  }

  #id(workspace: Workspace) {
    const { display } = workspace;
    const { edit } = display.state;
    return html`<div class="row small id">
      <span class="swatch" aria-hidden="true" .style=${edit.id === null ? '' : `background:${idColor(workspace, edit.id)}`}></span>
      <label class="row grow">
        <span>Id</span>
        <input
          type="number"
          id="edit-id"
          min="1"
          step="1"
          aria-label="Id to paint with"
          placeholder="new"
          .value=${edit.id === null ? '' : String(edit.id)}
          @change=${(event: Event) => event.target instanceof HTMLInputElement && this.#setId(workspace, event.target.valueAsNumber)}
        />
      </label>
      <button id="new-id" title="An id that nothing has (M)" @click=${() => takeNewId(workspace)}>${icons.plus} New id</button>
    </div>`;
  }

  #memory({ byteLength, dropped }: LabelEditing) {
    if (byteLength === 0) return nothing;
    return html`<p class="small muted" role="status">
      Edits take ${byteSize(byteLength)}.
      ${dropped === 0 ? nothing : html`<span class="warn">The ${dropped === 1 ? 'oldest step' : `oldest ${dropped} steps`} can no longer be undone.</span>`}
    </p>`;
  }

  #setId({ display }: Workspace, value: number): void {
    const id = Number.isInteger(value) && value > 0 ? value : null;
    display.update({ edit: { ...display.state.edit, id } });
  }

  #action(label: string, title: string, icon: unknown, disabled: boolean, run: () => void) {
    return html`<button class="icon" aria-label=${label} title=${title} ?disabled=${disabled} @click=${run}>${icon}</button>`;
  }
}
