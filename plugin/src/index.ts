export type { Fit } from './array/fit.ts';
export type { Axis, Chunk, DataType, LazyArray, LazyPyramid, Transform } from './array/lazy-array.ts';
export { AlibiError, type ErrorTag, isAbort } from './errors.ts';
export type { OmeChannel, OmeImage, OmeLevel } from './ome/ome-image.ts';
export type { Progress } from './pipeline/pipeline.ts';
export type { ClassSpec, Stroke } from './segment/types.ts';
export { openSession } from './session.ts';
export type {
  EncoderStatus,
  Layer,
  LayerLevel,
  OpenSessionOptions,
  SaveOptions,
  SaveResult,
  Session,
  SessionEvents,
  Work,
} from './session-types.ts';
export { setCodecWorkers } from './stores/codec-workers.ts';
export type { ReadStore, Source, WriteStore } from './stores/store.ts';
