import { ownMember } from './own-member.ts';

/** What a GeoJSON geometry draws, in pixels. */
export interface Geometry {
  /** Each x0, y0, x1, y1, …; a single place is a dot. */
  readonly lines: readonly number[][];
  /** Rings of each area; the first corner is not repeated. */
  readonly areas: readonly number[][][];
  readonly z: number;
  readonly t: number;
  /** Coordinates it holds. */
  readonly size: number;
}

/** Positions further out belong to no image. */
const farthestPx = 2 ** 26;

/**
 * @param budget  coordinates at most
 * @returns       why not, where it cannot be used
 */
export function readGeometry(value: unknown, budget: number): Geometry | string {
  if (typeof value !== 'object' || value === null) return 'it has no geometry';
  const slice = planeOf(ownMember(value, 'plane'));
  if (slice === null) return 'its plane is none';
  const reader = createReader(budget);
  try {
    const shape = shapeOf(ownMember(value, 'type'), ownMember(value, 'coordinates'), reader);
    if (typeof shape === 'string') return shape;
    return { ...shape, ...slice, size: budget - reader.left() };
  } catch (error) {
    if (error instanceof BadCoordinates) return error.message;
    throw error;
  }
}

/** Ends the walk through nested coordinates; never leaves this file. */
class BadCoordinates extends Error {}

type Reader = ReturnType<typeof createReader>;

function createReader(budget: number) {
  let left = budget;
  const position = (value: unknown): readonly [number, number] => {
    left -= 2;
    if (left < 0) throw new BadCoordinates('too large');
    const [x, y] = Array.isArray(value) ? value : [];
    if (
      typeof x !== 'number' ||
      typeof y !== 'number' ||
      !(Math.abs(x) <= farthestPx && Math.abs(y) <= farthestPx)
    ) {
      throw new BadCoordinates('its coordinates are no pixels');
    }
    return [x, y];
  };
  const list = (value: unknown): readonly unknown[] => {
    if (!Array.isArray(value) || value.length === 0) throw new BadCoordinates('its coordinates are cut off');
    return value;
  };
  const line = (value: unknown): number[] => list(value).flatMap(position);
  return { left: () => left, position, list, line };
}

function shapeOf(
  type: unknown,
  coordinates: unknown,
  { position, list, line }: Reader,
): Pick<Geometry, 'lines' | 'areas'> | string {
  const area = (value: unknown): number[][] => list(value).map((ring) => openRing(line(ring)));
  switch (type) {
    case 'Point':
      return { lines: [[...position(coordinates)]], areas: [] };
    case 'MultiPoint':
      return { lines: list(coordinates).map((each) => [...position(each)]), areas: [] };
    case 'LineString':
      return { lines: [line(coordinates)], areas: [] };
    case 'MultiLineString':
      return { lines: list(coordinates).map(line), areas: [] };
    case 'Polygon':
      return { lines: [], areas: [area(coordinates)] };
    case 'MultiPolygon':
      // One area of several pieces: they are drawn, and left out of a check, together.
      return { lines: [], areas: [list(coordinates).flatMap(area)] };
    default:
      return 'its geometry is none of points, lines and polygons';
  }
}

/** @throws BadCoordinates  fewer than three corners */
function openRing(ring: number[]): number[] {
  const isClosed = ring.length > 2 && ring[0] === ring.at(-2) && ring[1] === ring.at(-1);
  const open = isClosed ? ring.slice(0, -2) : ring;
  if (open.length < 6) throw new BadCoordinates('a ring of it has fewer than three corners');
  return open;
}

/** QuPath's plane: slices from 0; absent is the first. */
function planeOf(plane: unknown): { readonly z: number; readonly t: number } | null {
  if (plane === undefined || plane === null) return { z: 0, t: 0 };
  if (typeof plane !== 'object') return null;
  const z = ownMember(plane, 'z') ?? 0;
  const t = ownMember(plane, 't') ?? 0;
  const isSlice = (index: unknown): index is number =>
    typeof index === 'number' && Number.isInteger(index) && index >= 0;
  return isSlice(z) && isSlice(t) ? { z, t } : null;
}
