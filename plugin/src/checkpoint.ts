/**
 * `alibi-zarr/checkpoint`: what programs that make, check and measure checkpoints share with the encoder and what comes after
 * it. Light: no stores, no runtime.
 */
export { createPacer } from './array/pacer.ts';
export { createRandom, sampleIndices } from './array/random.ts';
export { reflectIndex } from './array/reflect.ts';
export { RELATIVE_TIME } from './encoder/graph-choice.ts';
export { selfTestImage } from './encoder/self-test-input.ts';
export { precisionTolerance, selfTestTolerance } from './encoder/tolerance.ts';
export {
  type AxisPlan,
  planWindows,
  tentAt,
  type WindowGrid,
  type WindowPlan,
} from './encoder/window-plan.ts';
export { AlibiError, asAlibiError, type ErrorTag, isAbort } from './errors.ts';
export { type Covariance, createCovariance } from './features/covariance.ts';
export { fitClusters } from './features/kmeans.ts';
export { fitPca, projectPca } from './features/pca.ts';
export { assertSafeModel } from './onnx-file/assert-safe-model.ts';
export { ProtobufWriter } from './onnx-file/protobuf.ts';
export { protobufFields, protobufNumbers } from './onnx-file/protobuf-reader.ts';
export { type LinearTaps, linearTaps, resampleBilinear, tokenPosition } from './raster/resample.ts';
export { fitLogistic } from './segment/logistic.ts';
