import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Heads and epsilon from a Hugging Face config beside the weights, where there is one of this width. */
export async function readConfig(
  dir: string,
  dim: number,
): Promise<{ heads?: number; layerNormEps?: number }> {
  let text: string;
  try {
    text = await readFile(join(dir, 'config.json'), 'utf8');
  } catch {
    // The config is a convenience; --heads stands in for it.
    return {};
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof config !== 'object' || config === null) return {};
  const fields = new Map<string, unknown>(Object.entries(config));
  if (fields.get('hidden_size') !== dim) return {};
  const heads = fields.get('num_attention_heads');
  const layerNormEps = fields.get('layer_norm_eps');
  return {
    ...(typeof heads === 'number' && Number.isInteger(heads) && heads > 0 ? { heads } : {}),
    ...(typeof layerNormEps === 'number' && layerNormEps > 0 ? { layerNormEps } : {}),
  };
}
