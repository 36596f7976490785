import { AlibiError } from 'alibi-zarr/checkpoint';
import { openFile } from '../weights/open-file.ts';
import { readTensors } from '../weights/scheme.ts';
import type { Tensor } from '../weights/vit-weights.ts';
import type { Batch } from './student.ts';
import { channelsLast } from './teacher.ts';

/**
 * One batch out of a file: `images` [N, 3, H, W], normalised, and `targets` [N, dim, rows, cols].
 *
 * @throws AlibiError  InvalidInput: a tensor is missing or does not fit the transformer
 */
export async function openTensorBatch(
  path: string,
  o: { readonly patch: number; readonly dim: number },
): Promise<Batch> {
  const file = await openFile(path);
  let tensors: ReadonlyMap<string, Tensor>;
  try {
    tensors = await readTensors(file);
  } finally {
    await file.close();
  }
  const take = (name: string, layout: string): Tensor => {
    const tensor = tensors.get(name);
    if (tensor?.shape.length === 4) return tensor;
    throw invalid(path, `it has no tensor "${name}" ${layout}`);
  };
  const images = take('images', '[N, 3, H, W]');
  const targets = take('targets', '[N, dim, rows, cols]');
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const wanted = [count, o.dim, height / o.patch, width / o.patch];
  if (channels !== 3 || targets.shape.join() !== wanted.join()) {
    throw invalid(
      path,
      `images of [${images.shape}] need targets of [${wanted}] with patches of ${o.patch}, not [${targets.shape}]`,
    );
  }
  return {
    images: { shape: [count, 3, height, width], data: images.data },
    targets: channelsLast(targets.data, { count, dim: o.dim }),
  };
}

function invalid(where: string, what: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give images [N, 3, H, W] and targets [N, dim, H / patch, W / patch] as float tensors.',
  });
}
