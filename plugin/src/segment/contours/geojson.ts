import type { Polygon, Ring } from '../../raster/outline.ts';
import type { Contour } from './trace-contours.ts';

export interface GeoJsonOptions {
  /** Size of a pixel of the labels in pixels of the finest level, along x and y; QuPath counts in those. */
  readonly pixelSize: readonly [x: number, y: number];
  /** Of an id, where it has one. */
  readonly classOf: (
    id: number | bigint,
  ) => { readonly name: string; readonly color?: readonly number[] } | undefined;
}

/**
 * Contours as a GeoJSON FeatureCollection that QuPath imports, line by line: one detection an object and slice. Coordinates are
 * pixels of the finest level; where a slice is not the first one, `plane` says so.
 */
export const geoJsonStart = '{"type":"FeatureCollection","features":[';
export const geoJsonEnd = ']}';

export function geoJsonFeature(contour: Contour, options: GeoJsonOptions): string {
  const polygons = contour.polygons.map((polygon) => coordinatesOf(polygon, options.pixelSize));
  const isOne = polygons.length === 1;
  const label = options.classOf(contour.id);
  const isFirst = contour.t === 0 && contour.z === 0;
  const geometry = {
    type: isOne ? 'Polygon' : 'MultiPolygon',
    coordinates: isOne ? polygons[0] : polygons,
    ...(isFirst ? {} : { plane: { c: -1, z: contour.z, t: contour.t } }),
  };
  const properties = {
    objectType: 'detection',
    name: String(contour.id),
    ...(label === undefined ? {} : { classification: label }),
    label: Number.isSafeInteger(Number(contour.id)) ? Number(contour.id) : String(contour.id),
  };
  return JSON.stringify({ type: 'Feature', geometry, properties });
}

function coordinatesOf({ outer, holes }: Polygon, size: readonly [number, number]): [number, number][][] {
  return [outer, ...holes].map((ring) => closed(ring, size));
}

/** GeoJSON repeats the first corner at the end. */
function closed(ring: Ring, [width, height]: readonly [number, number]): [number, number][] {
  const corners: [number, number][] = [];
  for (let i = 0; i <= ring.length; i += 2) {
    const at = i % ring.length;
    corners.push([ring[at]! * width, ring[at + 1]! * height]);
  }
  return corners;
}
