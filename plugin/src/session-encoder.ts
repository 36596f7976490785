import { AlibiError, asAlibiError, isAbort } from './errors.ts';
import { defaultNormalisation } from './ome/normalisation.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { OpeningStage, OpenPipeline, Pipeline, PipelineCost } from './pipeline/pipeline.ts';
import type { EncoderStatus, OpenSessionOptions } from './session-types.ts';

/** What of the session's options the encoder is opened with. */
export interface ModelChoice extends Pick<OpenSessionOptions, 'channels' | 'precision'> {
  readonly manifest: string;
}

export interface EncoderContext {
  readonly image: () => OmeImage;
  /** Aborts when the session closes. */
  readonly lifetime: AbortSignal;
  readonly changed: () => void;
  readonly failed: (error: AlibiError) => void;
}

/** The model of a session: loads beside the image, tells where it stands and what it costs. */
export class SessionEncoder {
  readonly #context: EncoderContext;
  #status: EncoderStatus = { kind: 'none' };
  #pipeline: Promise<Pipeline> | null = null;
  #cost: PipelineCost | null = null;

  constructor(context: EncoderContext) {
    this.#context = context;
  }

  get status(): EncoderStatus {
    return this.#status;
  }
  /** Windows of one slice of each level; `[]` until it is ready. */
  get windowsPerLevel(): readonly number[] {
    return this.#cost?.windows ?? [];
  }
  /** Whether a model was named, ready or not. */
  get isNamed(): boolean {
    return this.#pipeline !== null;
  }

  /** Load the model in the background; looking at the image never waits for it. */
  start(openPipeline: OpenPipeline, choice: ModelChoice): void {
    const opening = this.#open(openPipeline, choice);
    this.#pipeline = opening;
    opening.catch((error: unknown) => {
      if (isAbort(error)) return;
      const failure = asAlibiError(error, choice.manifest);
      this.#set({ kind: 'failed', error: failure });
      this.#context.failed(failure);
    });
  }

  /**
   * The pipeline, once it runs.
   *
   * @throws AlibiError InvalidInput  no model is open
   */
  async ready(): Promise<Pipeline> {
    if (this.#pipeline === null) {
      throw new AlibiError('InvalidInput', {
        what: 'no model is open',
        where: 'session',
        remedy: 'Open the session with a model.',
      });
    }
    return this.#pipeline;
  }

  /** Windows have been run since: tell how long one takes now. */
  async refreshCost(): Promise<void> {
    if (this.#pipeline === null || this.#status.kind !== 'ready') return;
    try {
      this.#cost = await (await this.#pipeline).cost();
    } catch {
      return; // Closed or dead: whoever needs the pipeline next hears of it.
    }
    if (this.#status.kind === 'ready') this.#set({ ...this.#status, windowMs: this.#cost.windowMs });
  }

  async close(): Promise<void> {
    const pipeline = await this.#pipeline?.catch(() => null);
    // A pipeline that has died is closed already.
    await pipeline?.close().catch(() => undefined);
  }

  async #open(openPipeline: OpenPipeline, { manifest, channels, precision }: ModelChoice): Promise<Pipeline> {
    const { image, lifetime: signal } = this.#context;
    this.#set({ kind: 'loading', bytes: 0, totalBytes: 0 });
    const normalisation = await defaultNormalisation(image(), channels, { signal });
    const pipeline = await openPipeline(
      { pixels: image().pixels, normalisation, manifest, ...(precision ? { precision } : {}) },
      { signal, onStage: (stage) => this.#onStage(stage) },
    );
    this.#cost = await pipeline.cost();
    const { chosen } = pipeline.provider;
    this.#set({
      kind: 'ready',
      provider: chosen,
      report: pipeline.provider,
      windowMs: this.#cost.windowMs,
    });
    return pipeline;
  }

  #onStage(stage: OpeningStage): void {
    if (stage.kind !== 'provider') this.#set(stage);
    else if (this.#status.kind === 'ready') {
      this.#set({ ...this.#status, provider: stage.report.chosen, report: stage.report });
    }
  }

  #set(status: EncoderStatus): void {
    this.#status = status;
    this.#context.changed();
  }
}
