import { AlibiError } from 'alibi-zarr/checkpoint';
import type { BenchOutcome } from './bench-result.ts';

interface Where {
  readonly file: string;
  /** JSON pointer of the result in its file. */
  readonly at: string;
}

/**
 * What no schema says: maps hold as many values as they have places, and lists are as long as what they are lists of.
 *
 * @throws AlibiError  InvalidInput naming file and field
 */
export function assertConsistent(result: BenchOutcome, where: Where): void {
  assertMaps(result, where);
  switch (result.format) {
    case 'alibi-train/probe/1':
      for (const [i, ramp] of result.reference.ramps.entries()) {
        const at = `/reference/ramps/${i}`;
        assertLength(ramp.perChannel, result.dim, `${at}/perChannel`, where);
        assertLength(ramp.perChannelDeviation, result.dim, `${at}/perChannelDeviation`, where);
      }
      return;
    case 'alibi-train/fingerprint/1':
      for (const [i, ramp] of result.ramps.entries()) {
        const at = `/ramps/${i}`;
        assertLength(ramp.r2, result.layers.length, `${at}/r2`, where);
        assertLength(ramp.highest, result.layers.length, `${at}/highest`, where);
        assertShape(ramp.perChannel, result.layers.length, result.dim, {
          ...where,
          at: `${where.at}${at}/perChannel`,
        });
      }
      return;
    case 'alibi-train/homogeneity/1':
      for (const [i, { pca }] of result.images.entries()) {
        assertLength(pca.position, pca.maps.length, `/images/${i}/pca/position`, where);
        assertLength(pca.variance, pca.maps.length, `/images/${i}/pca/variance`, where);
        const [first] = pca.maps;
        for (const [k, map] of pca.maps.entries()) {
          if (first === undefined) continue;
          assertShape(map, first.rows, first.cols, { ...where, at: `${where.at}/images/${i}/pca/maps/${k}` });
        }
      }
      return;
    case 'alibi-train/loss/1':
      for (const [i, { perImage }] of result.grids.entries()) {
        assertLength(perImage, result.images.length, `/grids/${i}/perImage`, where);
      }
      return;
    case 'alibi-train/seam/1':
    case 'alibi-train/scribbles/1':
    case 'alibi-train/segmentation/1':
      return;
  }
}

/** Every map anywhere in a value. */
function assertMaps(value: unknown, where: Where): void {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) assertMaps(item, { ...where, at: `${where.at}/${i}` });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if ('rows' in value && 'cols' in value && 'data' in value) assertMap(value, where);
  for (const [key, item] of Object.entries(value)) {
    assertMaps(item, { ...where, at: `${where.at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` });
  }
}

function assertMap(
  { rows, cols, data }: { rows: unknown; cols: unknown; data: unknown },
  where: Where,
): void {
  if (typeof rows !== 'number' || typeof cols !== 'number' || typeof data !== 'string') return;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data))
    throw invalid('is not base64', { ...where, at: `${where.at}/data` });
  const count = Math.floor((data.replace(/=+$/, '').length * 3) / 4);
  if (count === rows * cols) return;
  throw invalid(`holds ${count} bytes for ${rows}×${cols} places`, { ...where, at: `${where.at}/data` });
}

function assertLength(list: readonly unknown[], length: number, at: string, where: Where): void {
  if (list.length === length) return;
  throw invalid(`has ${list.length} values where ${length} belong`, { ...where, at: `${where.at}${at}` });
}

function assertShape(
  map: { readonly rows: number; readonly cols: number },
  rows: number,
  cols: number,
  where: Where,
): void {
  if (map.rows === rows && map.cols === cols) return;
  throw invalid(`is ${map.rows}×${map.cols} where ${rows}×${cols} belongs`, where);
}

function invalid(what: string, { file, at }: Where): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `${at} ${what}`,
    where: file,
    remedy: 'Run the bench again; results are not written by hand.',
  });
}
