import type { PcaFit } from './features/fits.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { fitSharedBasis } from './pipeline/fit-recipe.ts';
import type { Pipeline, WorkOptions } from './pipeline/pipeline.ts';
import { defaultWindows, pcaWindows, sampleLevel } from './pipeline/sample.ts';
import { type FeatureRecipe, paintingTokenScales, type RecipeChoice } from './segment/recipe.ts';
import { allSlices } from './session-image.ts';

/** What a person waits for a whole slice before the level is too fine to be the default. */
const patienceMs = 60_000;
/** Of every fit unless told. */
export const defaultSeed = 0;

/** What is fitted once for an image and shared by what is made of it; a caller who leaves does not take it from the others. */
export class SessionFits {
  readonly #context: { readonly image: () => OmeImage; readonly lifetime: AbortSignal };
  #basis: Promise<PcaFit> | null = null;
  readonly #recipes = new Map<string, Promise<FeatureRecipe>>();

  constructor(context: { readonly image: () => OmeImage; readonly lifetime: AbortSignal }) {
    this.#context = context;
  }

  /** One basis for colours and classifiers. */
  basis(pipeline: Pipeline, { signal, onProgress }: WorkOptions): Promise<PcaFit> {
    if (this.#basis === null) {
      this.#basis = fitSharedBasis(pipeline, allSlices(this.#context.image()), {
        signal: this.#context.lifetime,
        ...(onProgress ? { onProgress } : {}),
      });
      // Whoever waits hears of a failure; the next one who asks tries again.
      this.#basis.catch(() => {
        this.#basis = null;
      });
    }
    return untilAborted(this.#basis, signal);
  }

  /**
   * The finest level whose slice this device does within a minute, and never more than `defaultWindows`
   * windows. The basis comes first: it is needed anyway, and its windows tell how fast the device is.
   */
  async defaultLevel(pipeline: Pipeline, work: WorkOptions): Promise<number> {
    await this.basis(pipeline, work);
    const { windows, windowMs } = await pipeline.cost();
    return sampleLevel(windows, Math.max(pcaWindows, Math.min(defaultWindows, patienceMs / windowMs)));
  }

  /** Features of a level, fitted once: what they are does not depend on strokes, so blocks are kept from training to training. */
  recipe(
    pipeline: Pipeline,
    level: number,
    choice: RecipeChoice,
    { signal, onProgress }: WorkOptions,
  ): Promise<FeatureRecipe> {
    const { lifetime, image } = this.#context;
    const key = `${level}/${JSON.stringify(choice)}`;
    const known = this.#recipes.get(key);
    if (known !== undefined) return untilAborted(known, signal);
    const made = this.basis(pipeline, { signal: lifetime }).then((basis) =>
      pipeline.recipe({
        // Enlarging the image costs four times the windows and more: it is done where somebody asks for it.
        choice: {
          tokenScales: paintingTokenScales,
          ...(choice.components === undefined ? { basis } : {}),
          ...choice,
        },
        place: { level },
        seed: defaultSeed,
        slices: allSlices(image()),
        signal: lifetime,
        ...(onProgress ? { onProgress } : {}),
      }),
    );
    this.#recipes.set(key, made);
    made.catch(() => this.#recipes.delete(key));
    return untilAborted(made, signal);
  }
}

/** The promise, or the signal's reason as soon as it aborts; the work itself goes on for others. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
