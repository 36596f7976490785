import * as tf from '@tensorflow/tfjs-core';
import { linear, weightGradients } from './linear.ts';
import type { Gradients, Scope } from './parameters.ts';
import type { GridTensors } from './position-tensors.ts';
import { as2D, as3D } from './shapes.ts';
import type { VitConfig } from './vit-config.ts';

/** Pixels of each patch [batch·rows·cols, 3·patch·patch], in the order of the kernel. @param image  [batch, 3, H, W] */
export function patchesOf(image: tf.Tensor4D, patch: number): tf.Tensor2D {
  const [batch, channels, height, width] = image.shape;
  const [rows, cols] = [height / patch, width / patch];
  const split = tf.reshape(image, [batch, channels, rows, patch, cols, patch]);
  return as2D(tf.transpose(split, [0, 2, 4, 1, 3, 5]), batch * rows * cols, channels * patch * patch);
}

/** Prefix and patches with what the position kind adds. @returns [batch·tokens, dim] */
export function embed(
  patches: tf.Tensor2D,
  o: {
    readonly scope: Scope;
    readonly config: VitConfig;
    readonly grid: GridTensors;
    readonly batch: number;
  },
): tf.Tensor2D {
  const { scope, config, grid, batch } = o;
  const { dim } = config;
  const perImage = patches.shape[0] / batch;
  let tokens: tf.Tensor = as3D(linear(patches, scope.within('patch_embed.proj')), batch, perImage, dim);
  let cls: tf.Tensor = as2D(scope.get('cls_token'), 1, dim);
  if (grid.resample !== null) {
    const { patchRows, clsRow } = positionRows(scope, config);
    tokens = tf.add(tokens, tf.matMul(grid.resample, patchRows));
    if (clsRow !== null) cls = tf.add(cls, clsRow);
  }
  if (grid.sincos !== null) tokens = tf.add(tokens, grid.sincos);
  const registers = scope.optional('reg_token');
  const parts = registers === null ? [cls] : [cls, as2D(registers, config.registers, dim)];
  const prefix = tf.tile(tf.expandDims(tf.concat(parts, 0), 0), [batch, 1, 1]);
  return as2D(tf.concat([prefix, tokens], 1), batch * (1 + config.registers + perImage), dim);
}

/** @param dTokens  [batch·tokens, dim] */
export function embedBackward(
  dTokens: tf.Tensor2D,
  patches: tf.Tensor2D,
  o: {
    readonly scope: Scope;
    readonly config: VitConfig;
    readonly grid: GridTensors;
    readonly batch: number;
    readonly gradients: Gradients;
  },
): void {
  const { scope, config, grid, batch, gradients } = o;
  const { dim, registers } = config;
  const prefix = 1 + registers;
  const perImage = patches.shape[0] / batch;
  const tokens = as3D(dTokens, batch, prefix + perImage, dim);
  const dPrefix = as2D(tf.sum(tf.slice(tokens, [0, 0, 0], [batch, prefix, dim]), 0), prefix, dim);
  const dCls = tf.slice(dPrefix, [0, 0], [1, dim]);
  gradients.add('cls_token', tf.reshape(dCls, [1, 1, dim]));
  if (registers > 0) {
    gradients.add('reg_token', tf.reshape(tf.slice(dPrefix, [1, 0], [registers, dim]), [1, registers, dim]));
  }
  const dPatches = tf.slice(tokens, [0, prefix, 0], [batch, perImage, dim]);
  if (grid.resample !== null) {
    // Not `columnSums`: WebAssembly's product keeps an operator by the data of its right side, whatever its shape, and
    // these rows are summed in another shape below.
    const summed = as2D(tf.sum(dPatches, 0), perImage, dim);
    const dTrained = tf.matMul(grid.resample, summed, true, false);
    const all = config.embedding?.withCls ? tf.concat([dCls, dTrained], 0) : dTrained;
    gradients.add('pos_embed', tf.reshape(all, scope.get('pos_embed').shape));
  }
  const dRows = as2D(dPatches, batch * perImage, dim);
  weightGradients(dRows, patches, scope.within('patch_embed.proj'), gradients);
}

function positionRows(
  scope: Scope,
  { embedding, dim }: VitConfig,
): { readonly patchRows: tf.Tensor2D; readonly clsRow: tf.Tensor2D | null } {
  if (embedding === null) throw new TypeError('a learned position without its embedding');
  const count = embedding.grid[0] * embedding.grid[1];
  const rows = as2D(scope.get('pos_embed'), count + (embedding.withCls ? 1 : 0), dim);
  if (!embedding.withCls) return { patchRows: rows, clsRow: null };
  return { patchRows: tf.slice(rows, [1, 0], [count, dim]), clsRow: tf.slice(rows, [0, 0], [1, dim]) };
}
