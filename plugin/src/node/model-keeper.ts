import { fileReader, nodeBackend } from '../encoder/ort-node.ts';
import { createPipeline, type OpenedCheckpoint, openCheckpoint } from '../pipeline/create-pipeline.ts';
import type { Pipeline, PipelineInput } from '../pipeline/pipeline.ts';
import type { Io } from './io.ts';
import { progressBar } from './progress-bar.ts';

/** Opens pipelines and loads a checkpoint once for all of them. */
export interface ModelKeeper {
  /** Closing the pipeline leaves the checkpoint open. */
  open(input: PipelineInput, io: Io): Promise<Pipeline>;
  close(): Promise<void>;
}

export function createModelKeeper(): ModelKeeper {
  const opened = new Map<string, Promise<OpenedCheckpoint>>();
  return {
    async open(input, io) {
      const key = `${input.precision ?? ''} ${input.manifest}`;
      const checkpoint = opened.get(key) ?? load(input, io);
      opened.set(key, checkpoint);
      return createPipeline({ ...input, ...(await checkpoint), lent: true });
    },
    async close() {
      const all = await Promise.allSettled(opened.values());
      opened.clear();
      await Promise.all(
        all.map((result) => (result.status === 'fulfilled' ? result.value.encoder.close() : null)),
      );
    },
  };
}

async function load({ manifest, precision }: PipelineInput, io: Io): Promise<OpenedCheckpoint> {
  const bar = progressBar(io, 'Model');
  const source = /^https?:/i.test(manifest) ? manifest : fileReader(manifest);
  const checkpoint = await openCheckpoint(source, [nodeBackend()], {
    signal: io.signal,
    precision,
    onStage: (stage) => bar.say(stage.kind),
  });
  bar.end();
  return checkpoint;
}
