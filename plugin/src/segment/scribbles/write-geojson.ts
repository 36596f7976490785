import type { ScribblesGeojson } from 'alibi-zarr-schemas';
import { nestedRings } from '../../raster/nested-rings.ts';
import type { Ring } from '../../raster/outline.ts';
import type { ClassSpec, Stroke } from '../types.ts';

type Feature = ScribblesGeojson['features'][number];

/** Strokes as GeoJSON that QuPath opens as annotations: `schemas/src/scribbles-geojson.schema.json`. */
export function writeScribblesGeojson(
  strokes: readonly Stroke[],
  classes: readonly ClassSpec[],
): ScribblesGeojson {
  return { type: 'FeatureCollection', features: strokes.map((stroke) => featureOf(stroke, classes)) };
}

function featureOf(stroke: Stroke, classes: readonly ClassSpec[]): Feature {
  const { classIndex, radiusPx, rings, group, z, t } = stroke;
  const spec = classIndex === null ? undefined : classes[classIndex];
  return {
    type: 'Feature',
    geometry: { ...shapeOf(stroke), plane: { c: -1, z, t } },
    properties: {
      objectType: 'annotation',
      ...(spec === undefined
        ? {}
        : { classification: { name: spec.name, color: [0, 2, 4].map((at) => channel(spec.color, at)) } }),
      'alibi-zarr': {
        ...(rings === undefined ? { radiusPx } : {}),
        ...(classIndex === null ? { erase: true } : {}),
        ...(group === undefined ? {} : { group }),
      },
    },
  };
}

function shapeOf({ points, rings }: Stroke): Pick<Feature['geometry'], 'type' | 'coordinates'> {
  if (rings === undefined) {
    const line = pairs(points);
    return line.length === 1
      ? { type: 'Point', coordinates: line[0]! }
      : { type: 'LineString', coordinates: line };
  }
  const polygons = nestedRings(rings).map(({ outer, holes }) => [outer, ...holes].map(closed));
  return polygons.length === 1
    ? { type: 'Polygon', coordinates: polygons[0]! }
    : { type: 'MultiPolygon', coordinates: polygons };
}

function pairs(line: readonly number[]): number[][] {
  return Array.from({ length: line.length >> 1 }, (_, i) => [line[2 * i]!, line[2 * i + 1]!]);
}

/** GeoJSON repeats the first corner at the end. */
function closed(ring: Ring): number[][] {
  return pairs([...ring, ...ring.slice(0, 2)]);
}

function channel(color: string, at: number): number {
  return Number.parseInt(color.slice(at, at + 2), 16) || 0;
}
