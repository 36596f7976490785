import { css, html, LitElement, nothing } from 'lit';
import { spacingOf } from '../array/spacing.ts';
import { type Connectivity, connectivities, defaultDims } from '../segment/instances/complete-recipe.ts';
import { holdsLabels } from '../session-layers.ts';
import type { Layer } from '../session-types.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { layerKey, sizeAlong } from './display.ts';
import { selectValue } from './input-value.ts';
import { RunningTask } from './running-task.ts';
import { unitSymbol } from './scale-bar.ts';
import { sectionHeader } from './section-header.ts';
import { sectionStyle, theme } from './theme.ts';

/** How objects are to be found; `as-is`: the ids of the labels are objects already. */
type Method = 'as-is' | 'components' | 'watershed';

interface Form {
  readonly layerId: string | null;
  /** Id of the one class that counts, in digits; `''`: every id on its own. */
  readonly only: string;
  readonly method: Method | null;
  readonly dims: 2 | 3 | null;
  readonly connectivity: Connectivity | null;
  readonly depth: string;
  readonly halo: string;
  readonly minSize: string;
  readonly maxSize: string;
  readonly tracking: 'overlap' | 'none';
}

const emptyForm: Form = {
  layerId: null,
  only: '',
  method: null,
  dims: null,
  connectivity: null,
  depth: '',
  halo: '',
  minSize: '',
  maxSize: '',
  tracking: 'overlap',
};

/** Objects of labels: how they are found, and what was found. */
export class AlibiZarrObjects extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    css`
      .stack { grid-template-columns: minmax(0, 1fr); }
      .field { display: grid; grid-template-columns: 64px minmax(0, 1fr); gap: 8px; align-items: center; }
      .field > span { color: var(--az-muted); }
      select, .field input { width: 100%; height: 26px; font-size: 12px; }
      .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; }
      summary { cursor: pointer; color: var(--az-muted); font-size: 12px; }
      details .stack { margin-top: 6px; gap: 6px; }
      .warn { color: var(--az-warn); }
      code { display: block; font-size: 11px; padding: 6px 8px; background: var(--az-back); border-radius: var(--az-radius); overflow-wrap: anywhere; user-select: all; }
    `,
  ];
  static override properties = { form: { state: true } };
  declare form: Form;
  readonly #workspace = new WorkspaceController(this);
  readonly #task = new RunningTask(this);

  constructor() {
    super();
    this.form = emptyForm;
  }

  protected override willUpdate(): void {
    const { workspace } = this.#workspace;
    this.hidden = workspace === null || sourcesOf(workspace).length === 0;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const sources = sourcesOf(workspace);
    const layer = sources.find(({ id }) => id === this.form.layerId) ?? sources.at(-1);
    if (layer === undefined) return nothing;
    const large = workspace.session.objects.tooLarge(layer);
    return html`
      ${sectionHeader('Objects')}
      <div class="stack">
        <label class="field small">
          <span>From</span>
          <select id="source" @change=${(event: Event) => this.#set({ layerId: selectValue(event), only: '', method: null })}>
            ${sources.map(({ id, name }) => html`<option value=${id} ?selected=${id === layer.id}>${name}</option>`)}
          </select>
        </label>
        ${large === null ? this.#form(workspace, layer) : tooLarge(large)}
        <alibi-zarr-object-results></alibi-zarr-object-results>
      </div>
    `;
  }

  #form(workspace: Workspace, layer: Layer) {
    const method = this.#methodOf(layer);
    const isBusy = this.#task.isBusy;
    return html`
      ${layer.names.size > 1 && method !== 'as-is' ? this.#classes(layer) : nothing}
      <label class="field small">
        <span>Objects</span>
        <select id="method" @change=${(event: Event) => this.#set({ method: methodOf(selectValue(event)) })}>
          ${methodsFor(layer).map(
            ([value, text]) => html`<option value=${value} ?selected=${value === method}>${text}</option>`,
          )}
        </select>
      </label>
      ${method === 'as-is' ? nothing : this.#options(workspace, layer, method)}
      <button
        id="find"
        ?disabled=${layer.outdated && !isBusy}
        @click=${() => (this.#task.isBusy ? this.#task.cancel() : this.#find(workspace, layer))}
      >${isBusy ? 'Cancel' : method === 'as-is' ? 'Measure' : 'Find and measure'}</button>
      ${layer.outdated ? html`<p class="small muted" role="status">The segmentation is about to change.</p>` : nothing}
    `;
  }

  #classes(layer: Layer) {
    return html`<label class="field small">
      <span>Class</span>
      <select id="only" @change=${(event: Event) => this.#set({ only: selectValue(event) })}>
        <option value="" ?selected=${this.form.only === ''}>Every class on its own</option>
        ${[...layer.names].map(
          ([id, name]) =>
            html`<option value=${String(id)} ?selected=${this.form.only === String(id)}>${name}</option>`,
        )}
      </select>
    </label>`;
  }

  #options(workspace: Workspace, layer: Layer, method: Method) {
    const { session } = workspace;
    const { form } = this;
    const labels = layer.levels[0]!.pixels;
    const dims = form.dims ?? defaultDims(labels);
    const { unit } = spacingOf(labels);
    const length = unit === undefined ? 'px' : (unitSymbol(unit) ?? unit);
    const size = `${length}${dims === 3 ? '³' : '²'}`;
    const number = (key: 'depth' | 'halo' | 'minSize' | 'maxSize', label: string, hint: string) =>
      html`<input
        type="number"
        min="0"
        step="any"
        id=${key}
        aria-label=${label}
        placeholder=${hint}
        title=${label}
        .value=${form[key]}
        @input=${(event: Event) => event.target instanceof HTMLInputElement && this.#set({ [key]: event.target.value })}
      />`;
    return html`<div class="field small">
        <span>Size</span>
        <div class="pair">${number('minSize', `Smallest size in ${size}`, `from, ${size}`)}${number('maxSize', `Largest size in ${size}`, `to, ${size}`)}</div>
      </div>
      <details>
        <summary>More</summary>
        <div class="stack">
          ${sizeAlong(session.image, 'z') > 1 ? this.#dims(dims) : nothing}
          <label class="field small"><span title="Neighbours that belong together">Touching</span>
            <select id="connectivity" @change=${(event: Event) => this.#set({ connectivity: connectivityOf(selectValue(event)) })}>
              ${connectivities[dims].map(
                ([value], index, all) =>
                  html`<option value=${value} ?selected=${form.connectivity === null ? index === all.length - 1 : form.connectivity === value}>${value} neighbours</option>`,
              )}
            </select>
          </label>
          ${
            method === 'watershed'
              ? html`<div class="field small"><span>Split</span>
                  <div class="pair">${number('depth', `How deep a narrowing must be to split, in ${length}`, `depth, ${length}`)}${number('halo', `Surroundings of a block that are looked at, in ${length}`, `halo, ${length}`)}</div>
                </div>`
              : nothing
          }
          ${sizeAlong(session.image, 't') > 1 ? this.#tracking() : nothing}
        </div>
      </details>`;
  }

  #dims(dims: 2 | 3) {
    return html`<label class="field small"><span>Are</span>
      <select id="dims" @change=${(event: Event) => this.#set({ dims: selectValue(event) === '2' ? 2 : 3, connectivity: null })}>
        <option value="3" ?selected=${dims === 3}>volumes</option>
        <option value="2" ?selected=${dims === 2}>planes, slice by slice</option>
      </select>
    </label>`;
  }

  #tracking() {
    const { tracking } = this.form;
    return html`<label class="field small"><span>Over time</span>
      <select id="tracking" @change=${(event: Event) => this.#set({ tracking: selectValue(event) === 'none' ? 'none' : 'overlap' })}>
        <option value="overlap" ?selected=${tracking === 'overlap'}>keep their id by overlap</option>
        <option value="none" ?selected=${tracking === 'none'}>every one has its own id</option>
      </select>
    </label>`;
  }

  #methodOf(layer: Layer): Method {
    const [first] = methodsFor(layer)[0]!;
    const { method } = this.form;
    return method !== null && methodsFor(layer).some(([value]) => value === method) ? method : first;
  }

  #set(change: Partial<Form>): void {
    this.form = { ...this.form, ...change };
  }

  async #find(workspace: Workspace, layer: Layer): Promise<void> {
    const { session, display } = workspace;
    const method = this.#methodOf(layer);
    // What was found becomes a layer too: the choice stays on what it was made of.
    this.#set({ layerId: layer.id });
    await this.#task.run(async (signal) => {
      const dims = this.form.dims === null ? {} : { dims: this.form.dims };
      if (method === 'as-is') {
        await session.objects.measure(layer, { ...dims, signal });
        display.update({ objects: { ...display.state.objects, layerId: layer.id, row: null } });
        return;
      }
      const found = await session.objects.find(layer, { method, ...dims, ...this.#choice(method), signal });
      // Objects lie where the labels lie: both at once hide each other.
      display.setLayer(layerKey(layer), { visible: false });
      display.setLayer(layerKey(found), { visible: true });
      await session.objects.measure(found, { signal });
      display.update({ objects: { ...display.state.objects, layerId: found.id, row: null } });
    });
  }

  #choice(method: Method) {
    const { only, connectivity, tracking, ...texts } = this.form;
    const numberOf = (key: 'depth' | 'halo' | 'minSize' | 'maxSize') => {
      const value = Number(texts[key]);
      return texts[key].trim() === '' || Number.isNaN(value) ? {} : { [key]: value };
    };
    return {
      tracking,
      ...(only === '' ? {} : { only }),
      ...(connectivity === null ? {} : { connectivity }),
      ...numberOf('minSize'),
      ...numberOf('maxSize'),
      ...(method === 'watershed' ? { ...numberOf('depth'), ...numberOf('halo') } : {}),
    };
  }
}

/** Layers that hold ids. */
function sourcesOf({ session }: Workspace): readonly Layer[] {
  return session.layers.filter(holdsLabels);
}

/** What can be made of a layer, the likeliest first. */
function methodsFor({ kind }: Layer): readonly (readonly [Method, string])[] {
  const made = [
    ['components', 'Connected pieces'],
    ['watershed', 'Pieces, touching ones split'],
  ] as const;
  const asIs = ['as-is', 'Its ids, as they are'] as const;
  if (kind === 'classes' || kind === 'clusters') return made;
  return kind === 'label' ? [asIs, ...made] : [asIs];
}

function methodOf(value: string): Method {
  return value === 'watershed' || value === 'components' ? value : 'as-is';
}

function connectivityOf(value: string): Connectivity | null {
  const all = [...connectivities[2], ...connectivities[3]];
  return all.find(([number]) => String(number) === value)?.[0] ?? null;
}

function tooLarge({ what, commands }: { readonly what: string; readonly commands: readonly string[] }) {
  return html`<p class="small warn" role="status">${what.charAt(0).toUpperCase()}${what.slice(1)}. Save the labels, then let the command line do it:</p>
    ${commands.map((command) => html`<code>${command}</code>`)}`;
}
