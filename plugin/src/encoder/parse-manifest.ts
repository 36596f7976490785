import { AlibiError } from '../errors.ts';
import type { CheckpointManifest } from './manifest-types.ts';

/**
 * What came from outside as a manifest.
 *
 * @throws AlibiError UnsupportedFormat  naming the first field that is wrong
 */
export function parseManifest(value: unknown, location: string): CheckpointManifest {
  const fault = faultIn(value);
  if (fault === undefined) return value as CheckpointManifest; // every field read is checked below
  throw new AlibiError('UnsupportedFormat', {
    what: fault,
    where: location,
    remedy: 'Point at a manifest.json written by "alibi-train convert", or convert the checkpoint again.',
  });
}

function faultIn(value: unknown): string | undefined {
  if (!isRecord(value)) return 'the manifest is not an object';
  if (value.format !== 'alibi-zarr/manifest/1')
    return `format is ${JSON.stringify(value.format)}, not "alibi-zarr/manifest/1"`;
  if (typeof value.name !== 'string') return 'name is not a text';
  return (
    wholeNumbers(value.architecture, 'architecture', ['patch', 'dim', 'blocks', 'heads']) ??
    statisticsFault(value.input) ??
    wholeNumbers(value.window, 'window', ['rows', 'cols']) ??
    wholeNumbers(value.selfTest, 'selfTest', ['rows', 'cols']) ??
    fileFault(value.selfTest, 'selfTest') ??
    graphsFault(value.graphs)
  );
}

function wholeNumbers(value: unknown, field: string, names: readonly string[]): string | undefined {
  if (!isRecord(value)) return `${field} is not an object`;
  const wrong = names.find((name) => !(Number.isInteger(value[name]) && Number(value[name]) > 0));
  return wrong === undefined
    ? undefined
    : `${field}.${wrong} is ${JSON.stringify(value[wrong])}, not a whole number`;
}

function statisticsFault(value: unknown): string | undefined {
  if (!isRecord(value)) return 'input is not an object';
  const wrong = ['mean', 'std'].find((name) => {
    const list = value[name];
    return !(Array.isArray(list) && list.length === 3 && list.every(Number.isFinite));
  });
  return wrong === undefined ? undefined : `input.${wrong} is not three numbers`;
}

function fileFault(value: unknown, field: string): string | undefined {
  if (!isRecord(value)) return `${field} is not an object`;
  if (typeof value.path !== 'string') return `${field}.path is not a text`;
  const hash = value.sha256;
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)
    ? undefined
    : `${field}.sha256 is not 64 hexadecimal digits`;
}

function graphsFault(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return 'graphs is not a list of at least one graph';
  for (const [i, graph] of value.entries()) {
    const fault = fileFault(graph, `graphs[${i}]`);
    if (fault !== undefined) return fault;
    if (!['fp32', 'fp16', 'int8'].includes(graph.precision))
      return `graphs[${i}].precision is ${JSON.stringify(graph.precision)}`;
    if (!['plain', 'fused'].includes(graph.graph))
      return `graphs[${i}].graph is ${JSON.stringify(graph.graph)}`;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
