/** Reads public vision transformer checkpoints and writes them as ONNX graphs with a manifest. */

export { type Backend, type BackendName, openBackend } from './backend.ts';
export { mostPositionalChannels, type TokenStack } from './bench/probe/positional-channels.ts';
export { benchSeam, type SeamBenchOptions } from './bench/seam/bench-seam.ts';
export { type CheckpointOptions, writeCheckpoint } from './checkpoint.ts';
export type { CheckpointManifest } from './manifest.ts';
export { exportVit } from './onnx/export.ts';
export type { ExportOptions } from './onnx/layers.ts';
export type { AlibiPosition, Position } from './onnx/position.ts';
export type { Precision } from './onnx/precision.ts';
export { type RandomCheckpointOptions, writeRandomCheckpoint } from './random-checkpoint.ts';
export { verify } from './verify.ts';
export type { VitWeights } from './weights/vit-weights.ts';
