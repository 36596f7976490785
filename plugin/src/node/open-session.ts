import { fileReader, nodeBackend } from '../encoder/ort-node.ts';
import { pipelineOpener } from '../pipeline/create-pipeline.ts';
import { openSessionWith } from '../session.ts';
import type { OpenSessionOptions, Session } from '../session-types.ts';

/**
 * A session without a browser: the pipeline runs in this process on onnxruntime-node.
 *
 * @param options.model  path of a checkpoint's manifest.json
 */
export function openSessionInProcess(options: OpenSessionOptions): Promise<Session> {
  return openSessionWith(options, pipelineOpener([nodeBackend()], fileReader));
}
