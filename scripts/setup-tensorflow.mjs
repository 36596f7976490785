// npm run setup:tensorflow [-- --gpu] [-- --force] [-- --official]: the native addon that training computes on.
//   --gpu       @tensorflow/tfjs-node-gpu on CUDA, with NVIDIA's libraries from PyPI
//   --force     make it again, whatever is there
//   --official  tfjs-node's own download (TensorFlow 2.9.1), not a build against a current TensorFlow
// Why it is done this way: docs/decisions/0012-tensorflow-for-training.md
import { ensureInstalled, main, StepError, say } from './steps.mjs';
import { setupTensorflow } from './tensorflow-addon.mjs';

const known = ['--gpu', '--force', '--official'];

await main(async (args) => {
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    throw new StepError(`npm run setup:tensorflow -- [${known.join('] [')}]: there is no "${unknown}".`);
  }
  await ensureInstalled();
  const [gpu, force, official] = known.map((flag) => args.includes(flag));
  const { package: name, tensorflow, usesGpu, how } = await setupTensorflow({ gpu, force, official });
  say(`${name} on TensorFlow ${tensorflow} (${how}): a training step gives the right numbers`);
  if (gpu && !usesGpu) {
    say('TensorFlow sees no CUDA device here, so it computes on the processor: does nvidia-smi list one?');
  }
});
