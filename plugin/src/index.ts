export { cached } from './array/cached.ts';
export type { Fit } from './array/fit.ts';
export type { Axis, Chunk, DataType, LazyArray, LazyPyramid, Transform } from './array/lazy-array.ts';
export { fromMemory } from './array/memory.ts';
export { createQueue } from './array/queue.ts';
export { scheduled } from './array/scheduled.ts';
export { shared } from './array/shared.ts';
export { transposed } from './array/transposed.ts';
export { AlibiError, type ErrorTag, isAbort } from './errors.ts';
export { materialize } from './labels/materialize.ts';
export { createPause, type Pause } from './labels/pause.ts';
export type { OmeChannel, OmeImage, OmeLevel } from './ome/ome-image.ts';
export { openImage } from './ome/open-image.ts';
export type { Progress } from './pipeline/pipeline.ts';
export { classifierOnnx } from './segment/classifier-onnx.ts';
export { type OpenedClassifier, readClassifier, writeClassifier } from './segment/portable.ts';
export type { Suggestion } from './segment/suggest-places.ts';
export type { ClassifierFit, ClassSpec, Stroke } from './segment/types.ts';
export { openSession } from './session.ts';
export type { ClassifierFiles } from './session-classifier.ts';
export { readProject } from './session-project.ts';
export type { RegionOfInterest } from './session-region.ts';
export type { ImportedScribbles, Scribbles } from './session-scribbles.ts';
export type {
  EncoderStatus,
  Layer,
  LayerLevel,
  Learning,
  OpenSessionOptions,
  SaveOptions,
  SaveResult,
  Session,
  SessionEvents,
  SuggestPlacesOptions,
  TrainOptions,
  Work,
} from './session-types.ts';
export { setCodecWorkers } from './stores/codec-workers.ts';
export { openStore } from './stores/open-store.ts';
export type { ReadStore, Source, WriteStore } from './stores/store.ts';
export { asPixelSource } from './views/deck/pixel-source.ts';
export { asZarrStore, type ImageLayer, type LabelsLayer } from './views/zarr/as-zarr-store.ts';
