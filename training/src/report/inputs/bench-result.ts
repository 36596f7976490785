import { AlibiError } from 'alibi-zarr/checkpoint';
import {
  type FingerprintResult,
  type HomogeneityResult,
  type LossResult,
  type Parsed,
  type ProbeResult,
  parseBenchComparison,
  parseFingerprintResult,
  parseHomogeneityResult,
  parseLossResult,
  parseProbeResult,
  parseScribblesResult,
  parseSeamResult,
  parseSegmentationResult,
  type ScribblesResult,
  type SeamResult,
  type SegmentationResult,
} from 'alibi-zarr-schemas';
import { assertConsistent } from './consistent-result.ts';

/** The result of any bench; `format` tells which. */
export type BenchOutcome =
  | ProbeResult
  | FingerprintResult
  | HomogeneityResult
  | SeamResult
  | LossResult
  | ScribblesResult
  | SegmentationResult;

const PARSERS: Readonly<Record<BenchOutcome['format'], (value: unknown) => Parsed<BenchOutcome>>> = {
  'alibi-train/probe/1': parseProbeResult,
  'alibi-train/fingerprint/1': parseFingerprintResult,
  'alibi-train/homogeneity/1': parseHomogeneityResult,
  'alibi-train/seam/1': parseSeamResult,
  'alibi-train/loss/1': parseLossResult,
  'alibi-train/scribbles/1': parseScribblesResult,
  'alibi-train/segmentation/1': parseSegmentationResult,
};

/**
 * The results in what a bench wrote: one, or several checkpoints' compared.
 *
 * @throws AlibiError  UnsupportedFormat: no result of a bench; InvalidInput: one that breaks its schema, with file and field
 */
export function parseOutcomes(value: unknown, file: string): BenchOutcome[] {
  if (formatOf(value) !== 'alibi-train/comparison/1') return [parseOutcome(value, { file, at: '' })];
  const comparison = parseBenchComparison(value);
  if (!comparison.ok) throw broken(comparison, { file, at: '' });
  return comparison.value.results.map((result, i) => parseOutcome(result, { file, at: `/results/${i}` }));
}

interface Where {
  readonly file: string;
  /** JSON pointer. */
  readonly at: string;
}

function parseOutcome(value: unknown, where: Where): BenchOutcome {
  const format = formatOf(value);
  if (!isKnown(format)) {
    const stated = format === undefined ? 'it has no "format"' : `its format is ${JSON.stringify(format)}`;
    throw new AlibiError('UnsupportedFormat', {
      what: `${stated}, no result that is drawn here`,
      where: `${where.file}${where.at === '' ? '' : `, ${where.at}/format`}`,
      remedy: `Give what a bench wrote with --out: ${Object.keys(PARSERS).join(', ')}.`,
    });
  }
  const result = PARSERS[format](value);
  if (!result.ok) throw broken(result, where);
  assertConsistent(result.value, where);
  return result.value;
}

function broken(
  { path, message }: { readonly path: string; readonly message: string },
  { file, at }: Where,
): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `${at}${path === '' && at === '' ? 'the result' : path} ${message}`,
    where: file,
    remedy: 'Run the bench again; results are not written by hand.',
  });
}

/** @returns undefined where there is none; anything that is not a text as its JSON */
export function formatOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('format' in value)) return undefined;
  return typeof value.format === 'string' ? value.format : JSON.stringify(value.format);
}

function isKnown(format: string | undefined): format is BenchOutcome['format'] {
  return format !== undefined && Object.hasOwn(PARSERS, format);
}
