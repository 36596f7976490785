/**
 * Position inside `[0, size)` that stands for `position` when an axis is continued by reflection: the edge
 * element is not repeated and reflection repeats for as long as it takes (numpy's `pad(mode='reflect')`;
 * an axis of one element is constant). Not the `symmetric` mode: a doubled edge row is a false edge to a
 * network that sees gradients.
 */
export function reflectIndex(position: number, size: number): number {
  if (position >= 0 && position < size) return position;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const phase = ((position % period) + period) % period;
  return phase < size ? phase : period - phase;
}
