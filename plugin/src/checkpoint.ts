/** `alibi-zarr/checkpoint`: what programs that make and check checkpoints share with the encoder. Light: no stores, no runtime. */
export { RELATIVE_TIME } from './encoder/graph-choice.ts';
export { selfTestImage } from './encoder/self-test-input.ts';
export { precisionTolerance, selfTestTolerance } from './encoder/tolerance.ts';
export { type AxisPlan, planWindows, type WindowGrid, type WindowPlan } from './encoder/window-plan.ts';
export { AlibiError, asAlibiError, type ErrorTag, isAbort } from './errors.ts';
export { fitPca } from './features/pca.ts';
