import type { Stroke } from './types.ts';

/** A place of the finest level, in its pixels. */
interface Place {
  readonly t: number;
  readonly z: number;
  readonly y: number;
  readonly x: number;
}

/** A place as near as this to a stroke, in pixels of the level that is labelled, has one already. */
export const nearPx = 40;

/** How often a person has painted each class: what was painted at once counts once. */
export function strokesPerClass(
  strokes: readonly Pick<Stroke, 'id' | 'group' | 'classIndex'>[],
  classes: number,
): number[] {
  const groups = Array.from({ length: classes }, () => new Set<string>());
  for (const { id, group = id, classIndex } of strokes) {
    if (classIndex !== null) groups[classIndex]?.add(group);
  }
  return groups.map(({ size }) => size);
}

/**
 * Whether a place lies inside an area that was painted, or no further from the line of a stroke than `withinPx`. What the eraser
 * went over counts as painted: somebody has looked there.
 */
export function nearStrokes(
  strokes: readonly Pick<Stroke, 'points' | 'rings' | 'z' | 't'>[],
  withinPx: number,
): (place: Place) => boolean {
  const lines = strokes.map(({ points, rings = [], z, t }) => {
    const all = [points, ...rings.map((ring) => [...ring, ...ring.slice(0, 2)])];
    return { rings, z, t, lines: all, box: boxOf(all, withinPx) };
  });
  return ({ t, z, y, x }) =>
    lines.some(
      ({ box, ...stroke }) =>
        stroke.t === t &&
        stroke.z === z &&
        x >= box.left &&
        x <= box.right &&
        y >= box.top &&
        y <= box.bottom &&
        (isInside(stroke.rings, x, y) || stroke.lines.some((line) => distance(line, x, y) <= withinPx)),
    );
}

function boxOf(lines: readonly (readonly number[])[], margin: number) {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      box.left = Math.min(box.left, line[i]! - margin);
      box.right = Math.max(box.right, line[i]! + margin);
      box.top = Math.min(box.top, line[i + 1]! - margin);
      box.bottom = Math.max(box.bottom, line[i + 1]! + margin);
    }
  }
  return box;
}

/** To the nearest point of a line of x, y pairs; of one pair to that. */
function distance(line: readonly number[], x: number, y: number): number {
  let least = line.length < 2 ? Infinity : Math.hypot(x - line[0]!, y - line[1]!);
  for (let i = 2; i < line.length; i += 2) {
    const [ax, ay] = [line[i - 2]!, line[i - 1]!];
    const [dx, dy] = [line[i]! - ax, line[i + 1]! - ay];
    const length2 = dx * dx + dy * dy;
    const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2));
    least = Math.min(least, Math.hypot(x - ax - along * dx, y - ay - along * dy));
  }
  return least;
}

/** Even-odd rule. */
function isInside(rings: readonly (readonly number[])[], x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [ax, ay] = [ring[i]!, ring[i + 1]!];
      const [bx, by] = [ring[(i + 2) % ring.length]!, ring[(i + 3) % ring.length]!];
      if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
    }
  }
  return inside;
}
