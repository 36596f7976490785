// node scripts/tensorflow-check.mjs @tensorflow/tfjs-node[-gpu]: one training step whose answer is known, in a process of
// its own, since an addon that does not fit ends the process. Prints { tensorflow, usesGpu } as JSON.
import { createRequire } from 'node:module';
import util from 'node:util';

// Node 23 removed two functions that tfjs-node 4.22 calls.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

const [name] = process.argv.slice(2);
const tf = createRequire(import.meta.url)(name);
// Loss mean((x·w − y)²) from w = 0. Its gradient is 2/2 · xᵀ(0 − y) = −[1·5 + 3·11, 2·5 + 4·11] = −[38, 54], so that one step of
// 0.01 leads to w = [0.38, 0.54].
const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
const y = tf.tensor2d([5, 11], [2, 1]);
const w = tf.variable(tf.zeros([2, 1]));
tf.train.sgd(0.01).minimize(() => x.matMul(w).sub(y).square().mean());
const got = [...(await w.data())];
if (!(Math.abs(got[0] - 0.38) < 1e-4 && Math.abs(got[1] - 0.54) < 1e-4)) {
  throw new Error(`a training step gave ${got}, not 0.38, 0.54`);
}
const backend = tf.backend();
console.log(
  JSON.stringify({ tensorflow: backend.binding.TF_Version, usesGpu: backend.isUsingGpuDevice === true }),
);
