import { css, html, LitElement, nothing } from 'lit';
import { spacingOf } from '../array/spacing.ts';
import { isAbort } from '../errors.ts';
import { defaultChannels } from '../ome/normalisation.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { ClassifierChoice } from '../segment/fit-models.ts';
import {
  type ClassicalKind,
  classicalKinds,
  defaultKinds,
  paintingTokenScales,
  type RecipeChoice,
} from '../segment/recipe.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { sizeAlong } from './display.ts';
import { inputValue, selectValue } from './input-value.ts';
import { foldStyle, sectionStyle, theme } from './theme.ts';

const scales: readonly { readonly scale: number; readonly name: string; readonly title: string }[] = [
  { scale: 1, name: 'as it is', title: 'Tokens of the image as it is' },
  {
    scale: 2,
    name: 'enlarged 2×',
    title: 'Tokens of the image enlarged twice: finer, and four times as slow',
  },
];

const kindNames: Readonly<Record<ClassicalKind, readonly [name: string, title: string]>> = {
  gaussian: ['Gaussian', 'How bright it is here, at several scales'],
  gradient: ['Gradient', 'How steep an edge is'],
  hessian: ['Hessian', 'Ridges, valleys and blobs'],
  structure: ['Structure tensor', 'How much the surroundings run in one direction'],
  difference: ['Difference of Gaussians', 'Blobs of a size'],
};

const learners: readonly (readonly [NonNullable<ClassifierChoice['kind']>, string])[] = [
  ['average', 'Mean of linear and trees'],
  ['linear', 'Linear: at once'],
  ['forest', 'Trees'],
];

const weights = [
  ['default', 'Default'],
  ['balanced', 'Classes count alike'],
  ['painted', 'Pixels count alike'],
] as const;

const smoothingLimitPx = 100;

/** Which features a classifier reads and how it learns from them. Shown once there are classes. */
export class AlibiZarrLearning extends LitElement {
  static override styles = [
    theme,
    sectionStyle,
    foldStyle,
    css`
      .stack { grid-template-columns: minmax(0, 1fr); }
      fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
      legend { padding: 0; color: var(--az-muted); margin-bottom: 2px; }
      .checks { display: flex; flex-wrap: wrap; gap: 2px 12px; }
      .checks label { display: flex; gap: 6px; align-items: center; }
      .field { display: grid; grid-template-columns: 64px minmax(0, 1fr); gap: 8px; align-items: center; }
      .field > span { color: var(--az-muted); }
      select, .field input { width: 100%; height: 26px; font-size: 12px; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override willUpdate(): void {
    const session = this.#workspace.workspace?.session;
    this.hidden = session === undefined || session.classes.length === 0 || session.encoder.kind === 'none';
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null || this.hidden) return nothing;
    const { recipe = {}, classifier = {} } = workspace.session.learning;
    const isDefault = Object.keys(recipe).length === 0 && Object.keys(classifier).length === 0;
    return html`<details>
      <summary title="Features the classifier reads, and how it learns">
        How it learns ${isDefault ? nothing : html`<span class="score">changed</span>`}
      </summary>
      <div class="stack small">
        ${this.#features(workspace, recipe)} ${this.#learner(workspace, classifier)}
        <button
          id="default-learning"
          ?disabled=${isDefault}
          @click=${() => this.#train(workspace, { recipe: {}, classifier: {} })}
        >Back to the defaults</button>
      </div>
    </details>`;
  }

  #features(workspace: Workspace, recipe: RecipeChoice) {
    const { tokenScales = paintingTokenScales, kinds = defaultKinds, zContext = false } = recipe;
    const count = tokenScales.length + kinds.length;
    const change = (part: Partial<RecipeChoice>) =>
      this.#train(workspace, { recipe: { ...workspace.session.learning.recipe, ...part } });
    return html`
      <fieldset>
        <legend>Transformer</legend>
        <div class="checks">
          ${scales.map(({ scale, name, title }) =>
            check(`scale-${scale}`, name, title, {
              isOn: tokenScales.includes(scale),
              isLast: count === 1,
              set: (isOn) =>
                change({ tokenScales: withOrWithout(tokenScales, scale, isOn).sort((a, b) => a - b) }),
            }),
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>Pixels, at several scales</legend>
        <div class="checks">
          ${classicalKinds.map((kind) =>
            check(`kind-${kind}`, ...kindNames[kind], {
              isOn: kinds.includes(kind),
              isLast: count === 1,
              set: (isOn) => {
                const chosen = withOrWithout(kinds, kind, isOn);
                return change({ kinds: classicalKinds.filter((each) => chosen.includes(each)) });
              },
            }),
          )}
          ${
            hasDepth(workspace)
              ? check('z-context', 'Along z too', 'Smooth along z as well, by the same size in µm', {
                  isOn: zContext,
                  isLast: false,
                  set: (isOn) => change({ zContext: isOn }),
                })
              : nothing
          }
        </div>
      </fieldset>
      ${kinds.length === 0 ? nothing : this.#channels(workspace, recipe)}
    `;
  }

  /** Which channels the features of the pixels are of; the transformer sees those that the image was opened with. */
  #channels(workspace: Workspace, recipe: RecipeChoice) {
    const { image, classifier } = workspace.session;
    if (image.channels.length < 2 || image.rgb) return nothing;
    const seen = classifier?.fit.normalisation.channels ?? defaultChannels(image);
    const chosen = recipe.classicalNormalisation?.channels ?? seen;
    return html`<fieldset>
      <legend>Channels of these pixels</legend>
      <div class="checks">
        ${image.channels.map(({ label }, index) =>
          check(`channel-${index}`, label, `Compute these features of ${label}`, {
            isOn: chosen.includes(index),
            isLast: chosen.length === 1,
            set: (isOn) => {
              const channels = withOrWithout(chosen, index, isOn).sort((a, b) => a - b);
              const classicalNormalisation = pointsOf(image, channels);
              const { recipe: now } = workspace.session.learning;
              this.#train(workspace, { recipe: { ...now, classicalNormalisation } });
            },
          }),
        )}
      </div>
    </fieldset>`;
  }

  #learner(workspace: Workspace, classifier: ClassifierChoice) {
    const { kind = 'average', classWeights = 'default', smoothingPx = 0 } = classifier;
    const change = (part: ClassifierChoice) =>
      this.#train(workspace, { classifier: { ...workspace.session.learning.classifier, ...part } });
    return html`
      <label class="field">
        <span>Learner</span>
        <select
          id="learner"
          @change=${(event: Event) => {
            const chosen = learners.find(([value]) => value === selectValue(event));
            if (chosen !== undefined) change({ kind: chosen[0] });
          }}
        >
          ${learners.map(([value, text]) => html`<option value=${value} ?selected=${value === kind}>${text}</option>`)}
        </select>
      </label>
      <label class="field">
        <span>Weights</span>
        <select
          id="class-weights"
          title="How much a painted pixel of each class counts. Default: classes count alike for trees, pixels for the linear model"
          @change=${(event: Event) => {
            const value = selectValue(event);
            const { classWeights: _, ...rest } = workspace.session.learning.classifier ?? {};
            if (value === 'balanced' || value === 'painted') change({ classWeights: value });
            else this.#train(workspace, { classifier: rest });
          }}
        >
          ${weights.map(([value, text]) => html`<option value=${value} ?selected=${value === classWeights}>${text}</option>`)}
        </select>
      </label>
      <label class="field">
        <span>Smooth</span>
        <input
          id="smoothing"
          type="number"
          min="0"
          max=${smoothingLimitPx}
          step="any"
          title="Smooth the probabilities by a Gaussian of this standard deviation in pixels; 0: not"
          .value=${String(smoothingPx)}
          @change=${(event: Event) => {
            const value = Number(inputValue(event));
            change({
              smoothingPx: Math.min(smoothingLimitPx, Math.max(0, Number.isFinite(value) ? value : 0)),
            });
          }}
        />
      </label>
    `;
  }

  #train({ session }: Workspace, learning: Parameters<Workspace['session']['train']>[0]): void {
    session.train(learning).catch((error: unknown) => {
      // The session has announced every other failure as an `error` event.
      if (!isAbort(error)) this.requestUpdate();
    });
    this.requestUpdate();
  }
}

interface Check {
  readonly isOn: boolean;
  /** The only feature that is on stays on: nothing could be learned without any. */
  readonly isLast: boolean;
  readonly set: (isOn: boolean) => void;
}

function check(id: string, name: string, title: string, { isOn, isLast, set }: Check) {
  const isKept = isOn && isLast;
  return html`<label title=${isKept ? 'The last feature stays on' : title}>
    <input
      type="checkbox"
      id=${id}
      .checked=${isOn}
      ?disabled=${isKept}
      @change=${(event: Event) => set(event.target instanceof HTMLInputElement && event.target.checked)}
    />
    ${name}
  </label>`;
}

function withOrWithout<T>(list: readonly T[], value: T, isOn: boolean): T[] {
  return [...list.filter((each) => each !== value), ...(isOn ? [value] : [])];
}

/** Channels with the black and white points that the image was opened with. */
function pointsOf({ channels: all }: Pick<OmeImage, 'channels'>, channels: readonly number[]) {
  const windows = channels.map((channel) => all[channel]!.window);
  return { channels, black: windows.map(({ start }) => start), white: windows.map(({ end }) => end) };
}

/** Sizes along z need a unit to be those in the plane. */
function hasDepth({ session }: Workspace): boolean {
  const finest = session.image.pixels[0]!;
  return sizeAlong(session.image, 'z') > 1 && spacingOf(finest).unit !== undefined;
}
