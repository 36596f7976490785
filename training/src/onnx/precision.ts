/**
 * How a graph's weights are stored and what it computes in.
 *
 * | | weights | arithmetic |
 * | --- | --- | --- |
 * | `fp32` | float32 | float32 |
 * | `fp16` | float16 | float32 |
 * | `fp16-arithmetic` | float16 | float16 (sums inside LayerNormalization are the runtime's) |
 * | `int8` | int8, one scale an output channel | float32 |
 * | `int8-dynamic` | as `int8` | linear layers in integers, everything else float32 |
 * | `int4` | 4 bits, one scale for 32 inputs of an output channel; the patch embedding as `int8` | float32 |
 */
export const PRECISIONS = ['fp32', 'fp16', 'fp16-arithmetic', 'int8', 'int8-dynamic', 'int4'] as const;
export type Precision = (typeof PRECISIONS)[number];

export type FloatType = 'float32' | 'float16';

/** The type of everything between the image and the outputs. */
export function floatTypeOf(precision: Precision): FloatType {
  return precision === 'fp16-arithmetic' ? 'float16' : 'float32';
}
