import * as tf from '@tensorflow/tfjs-core';
import { type BlockContext, type BlockSaved, block, blockBackward } from './block.ts';
import { embed, embedBackward, patchesOf } from './embedding.ts';
import { type LayerNormSaved, layerNorm, layerNormBackward } from './layer-norm.ts';
import { type Gradients, type Parameters, scopeOf } from './parameters.ts';
import type { PositionTensors } from './position-tensors.ts';
import { as2D, as3D } from './shapes.ts';
import type { VitConfig } from './vit-config.ts';

/** A vision transformer on the backend. */
export interface Vit {
  readonly config: VitConfig;
  readonly parameters: Parameters;
  readonly positions: PositionTensors;
}

/** A forward pass with what its backward pass needs. */
export interface ForwardPass {
  /** After the last norm [batch, prefix + rows·cols, dim]. */
  readonly tokens: tf.Tensor3D;
  /**
   * Adds every parameter's gradient and disposes of what was kept; once.
   * @param dTokens  [batch, prefix + rows·cols, dim]
   */
  backward(dTokens: tf.Tensor3D, gradients: Gradients): void;
  /** Disposes of what was kept, without gradients. */
  dispose(): void;
}

export interface ForwardOptions {
  /** Keep each block's input only, and compute the block again in the backward pass. */
  readonly recompute?: boolean;
}

/**
 * Tokens without anything kept for gradients: after the last norm [batch, prefix + rows·cols, dim].
 *
 * @param image    float32 [batch, 3, H, W], normalised, whole patches
 * @param onBlock  is given the tokens [batch·tokens, dim] after each block
 */
export function encode(
  vit: Vit,
  image: tf.Tensor4D,
  onBlock?: (tokens: tf.Tensor2D, n: number) => void,
): tf.Tensor3D {
  const context = contextOf(vit, image);
  return tf.tidy(() => {
    let x = embed(patchesOf(image, vit.config.patch), context);
    for (let n = 0; n < vit.config.blocks; n++) {
      const input = x;
      x = tf.tidy(() => block(input, context.blockContext(n)).output);
      input.dispose();
      onBlock?.(x, n);
    }
    return context.asTokens(layerNorm(x, context.scope.within('norm'), vit.config.layerNormEps).output);
  });
}

/** As {@link encode}, with a backward pass. Call outside of a tidy: it keeps tensors until the backward pass. */
export function forward(vit: Vit, image: tf.Tensor4D, options: ForwardOptions = {}): ForwardPass {
  const { config } = vit;
  const context = contextOf(vit, image);
  const patches = tf.tidy(() => patchesOf(image, config.patch));
  let x = tf.tidy(() => embed(patches, context));
  const kept: (BlockSaved | tf.Tensor2D)[] = [];
  for (let n = 0; n < config.blocks; n++) {
    const input = x;
    const result = tf.tidy(() => {
      const { output, saved } = block(input, context.blockContext(n));
      return { output, saved: options.recompute ? undefined : saved };
    });
    x = result.output;
    kept.push(result.saved ?? input);
    if (result.saved !== undefined) input.dispose();
  }
  const last = tf.tidy(() => {
    const { output, saved } = layerNorm(x, context.scope.within('norm'), config.layerNormEps);
    return { tokens: context.asTokens(output), saved };
  });
  x.dispose();
  const dispose = (): void => {
    tf.dispose(patches);
    tf.dispose(last.saved);
    for (const saved of kept.splice(0)) tf.dispose(saved);
  };
  return {
    tokens: last.tokens,
    dispose,
    backward(dTokens, gradients) {
      backwardPass({ context, kept, last: last.saved, patches, gradients }, dTokens);
      dispose();
    },
  };
}

interface Kept {
  readonly context: Context;
  readonly kept: (BlockSaved | tf.Tensor2D)[];
  readonly last: LayerNormSaved;
  readonly patches: tf.Tensor2D;
  readonly gradients: Gradients;
}

function backwardPass({ context, kept, last, patches, gradients }: Kept, dTokens: tf.Tensor3D): void {
  const { scope, config } = context;
  const [batch, tokens, dim] = dTokens.shape;
  let dx = tf.tidy(() =>
    layerNormBackward(as2D(dTokens, batch * tokens, dim), last, scope.within('norm'), gradients),
  );
  for (let n = config.blocks - 1; n >= 0; n--) {
    const stored = kept.pop();
    if (stored === undefined) throw new TypeError('a backward pass runs once');
    const blockContext = context.blockContext(n);
    const dOutput = dx;
    dx = tf.tidy(() => {
      const saved = stored instanceof tf.Tensor ? block(stored, blockContext).saved : stored;
      return blockBackward(dOutput, saved, blockContext, gradients);
    });
    dOutput.dispose();
    tf.dispose(stored);
  }
  tf.tidy(() => embedBackward(dx, patches, { ...context, gradients }));
  dx.dispose();
}

type Context = ReturnType<typeof contextOf>;

function contextOf({ config, parameters, positions }: Vit, image: tf.Tensor4D) {
  const [batch, , height, width] = image.shape;
  const [rows, cols] = [height / config.patch, width / config.patch];
  const scope = scopeOf(parameters);
  const grid = positions.at(rows, cols);
  const tokens = 1 + config.registers + rows * cols;
  const shape = { batch, tokens, heads: config.heads };
  return {
    scope,
    config,
    grid,
    batch,
    blockContext: (n: number): BlockContext => ({
      scope: scope.within(`blocks.${n}`),
      shape,
      bias: grid.bias,
      epsilon: config.layerNormEps,
    }),
    asTokens: (x: tf.Tensor2D): tf.Tensor3D => as3D(x, batch, tokens, config.dim),
  };
}
