import type { Random } from './random.ts';
import { floatPlane, type Plane } from './raster.ts';

/**
 * A smooth random field: normal values on a coarse grid, interpolated with a smoothstep.
 *
 * @param cellPx  distance of the grid's points
 * @returns       float32 [height, width], mean about 0, standard deviation about 0.7
 */
export function noiseField(
  random: Random,
  height: number,
  width: number,
  cellPx: number,
): Plane<Float32Array> {
  const rows = Math.ceil(height / cellPx) + 1;
  const cols = Math.ceil(width / cellPx) + 1;
  const grid = Float32Array.from({ length: rows * cols }, () => random.normal());
  const field = floatPlane(height, width);
  for (let y = 0; y < height; y++) {
    const top = Math.floor(y / cellPx);
    const v = smoothstep(y / cellPx - top);
    for (let x = 0; x < width; x++) {
      const left = Math.floor(x / cellPx);
      const u = smoothstep(x / cellPx - left);
      const at = top * cols + left;
      const above = grid[at]! + (grid[at + 1]! - grid[at]!) * u;
      const below = grid[at + cols]! + (grid[at + cols + 1]! - grid[at + cols]!) * u;
      field.data[y * width + x] = above + (below - above) * v;
    }
  }
  return field;
}

const smoothstep = (t: number) => t * t * (3 - 2 * t);
