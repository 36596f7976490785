import { AlibiError } from 'alibi-zarr/checkpoint';
import type { ProbeTensorsOutput } from 'alibi-zarr-schemas';
import { openFile } from '../../weights/open-file.ts';
import { readSafetensors } from '../../weights/safetensors.ts';
import type { Tensor } from '../../weights/vit-weights.ts';
import type { TokenGrid } from '../tokens.ts';
import { probeTokens } from './channel-probe.ts';

/**
 * The reference's probe on tensors of a safetensors file: every `feats.NAME` [rows, cols, dim] against every `ramp.R`
 * [rows, cols], trained on the tokens `mask.R` [rows, cols] holds.
 *
 * @throws AlibiError  InvalidInput: a tensor is missing, of another shape, constant or not finite
 */
export async function probeTensors(path: string, signal?: AbortSignal): Promise<ProbeTensorsOutput> {
  const file = await openFile(path);
  try {
    return await probeAll(await readSafetensors(file, { bytes: true }), path, signal);
  } finally {
    await file.close();
  }
}

async function probeAll(
  tensors: ReadonlyMap<string, Tensor>,
  where: string,
  signal: AbortSignal | undefined,
): Promise<ProbeTensorsOutput> {
  const [features, ramps] = [under(tensors, 'feats.'), under(tensors, 'ramp.')];
  if (features.size === 0 || ramps.size === 0) {
    throw invalid(where, `it has ${features.size} tensors feats.NAME and ${ramps.size} tensors ramp.R`);
  }
  const output: ProbeTensorsOutput = {};
  for (const [name, tensor] of features) {
    const tokens = gridOf(tensor, `feats.${name}`, where);
    for (const [ramp, target] of ramps) {
      signal?.throwIfAborted();
      await new Promise(setImmediate);
      const wanted = mapOf(target, tokens, { name: `ramp.${ramp}`, where });
      const mask = mapOf(tensors.get(`mask.${ramp}`), tokens, { name: `mask.${ramp}`, where });
      if (wanted.every((value) => value === wanted[0])) throw invalid(where, `ramp.${ramp} is constant`);
      if (mask.filter((value) => value > 0).length < 2)
        throw invalid(where, `mask.${ramp} holds fewer than two tokens`);
      const { r2, perChannel } = probeTokens(tokens, wanted, mask, { channels: true });
      output[`${name}.${ramp}`] = { r2, per_channel_r2: [...perChannel] };
    }
  }
  return output;
}

function under(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

function gridOf({ shape, data }: Tensor, name: string, where: string): TokenGrid {
  const [rows = 0, cols = 0, dim = 0] = shape;
  if (shape.length !== 3 || data.length === 0)
    throw invalid(where, `${name} is [${shape}], not [rows, cols, dim]`);
  if (!data.every(Number.isFinite)) throw invalid(where, `a value of ${name} is not finite`);
  return { rows, cols, dim, data };
}

/** A tensor [rows, cols] or [rows, cols, 1] of the grid of the tokens. */
function mapOf(
  tensor: Tensor | undefined,
  { rows, cols }: TokenGrid,
  { name, where }: { readonly name: string; readonly where: string },
): Float64Array {
  if (tensor === undefined) throw invalid(where, `${name} is missing`);
  const [height, width, depth = 1] = tensor.shape;
  if (height !== rows || width !== cols || depth !== 1 || tensor.shape.length > 3) {
    throw invalid(where, `${name} is [${tensor.shape}], not [${rows}, ${cols}]`);
  }
  if (!tensor.data.every(Number.isFinite)) throw invalid(where, `a value of ${name} is not finite`);
  return Float64Array.from(tensor.data);
}

function invalid(where: string, what: string): AlibiError {
  const remedy = 'Give float feats.NAME [rows, cols, dim], ramp.R [rows, cols] and mask.R [rows, cols].';
  return new AlibiError('InvalidInput', { what, where, remedy });
}
