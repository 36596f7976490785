import { noiseField } from './noise-field.ts';
import type { Random } from './random.ts';
import { blur, floatPlane, type Plane } from './raster.ts';

/** One cell: its nucleus is an ellipse with a wavy edge. */
export interface Cell {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** mean radius of the nucleus in pixels */
  readonly radius: number;
  readonly stretch: number;
  readonly angle: number;
  readonly waves: readonly number[];
  readonly brightness: number;
}

/** Up to `count` cells whose nuclei do not overlap. */
export function scatterCells(random: Random, size: number, count: number): Cell[] {
  const cells: Cell[] = [];
  for (let tries = 0; tries < 40 * count && cells.length < count; tries++) {
    const radius = random.between(9, 16);
    const [x, y] = [random.between(-4, size + 4), random.between(-4, size + 4)];
    if (cells.some((other) => Math.hypot(other.x - x, other.y - y) < 1.35 * (other.radius + radius)))
      continue;
    cells.push({
      id: cells.length + 1,
      x,
      y,
      radius,
      stretch: random.between(1, 1.35),
      angle: random.between(0, Math.PI),
      waves: [
        random.between(0, 6.3),
        random.between(0, 6.3),
        random.between(0.01, 0.06),
        random.between(0.01, 0.05),
      ],
      brightness: random.between(0.55, 1),
    });
  }
  return cells;
}

/** Distance from a cell's centre over the nucleus' radius in that direction: at most 1 within the nucleus. */
function reachOf(cell: Cell, px: number, py: number): number {
  const [cos, sin] = [Math.cos(cell.angle), Math.sin(cell.angle)];
  const u = ((px - cell.x) * cos + (py - cell.y) * sin) / (cell.radius * cell.stretch);
  const v = (((py - cell.y) * cos - (px - cell.x) * sin) / cell.radius) * cell.stretch;
  const theta = Math.atan2(v, u);
  const [a = 0, b = 0, third = 0, fifth = 0] = cell.waves;
  return Math.hypot(u, v) / (1 + third * Math.cos(3 * theta + a) + fifth * Math.cos(5 * theta + b));
}

/** Call back for every pixel within `reach` radii of a cell. */
function around(
  cell: Cell,
  size: number,
  reach: number,
  visit: (at: number, distance: number) => void,
): void {
  const half = Math.ceil(cell.radius * cell.stretch * reach * 1.15);
  for (let y = Math.max(0, Math.floor(cell.y) - half); y < Math.min(size, cell.y + half); y++) {
    for (let x = Math.max(0, Math.floor(cell.x) - half); x < Math.min(size, cell.x + half); x++) {
      const distance = reachOf(cell, x, y);
      if (distance <= reach) visit(y * size + x, distance);
    }
  }
}

/** Ground truth: the nuclei's ids. */
export function paintLabels(cells: readonly Cell[], size: number): Plane<Uint16Array> {
  const data = new Uint16Array(size * size);
  for (const cell of cells) {
    around(cell, size, 1, (at) => {
      data[at] = cell.id;
    });
  }
  return { data, height: size, width: size };
}

/** A nuclear stain: bright nuclei with chromatin texture, blurred by the optics, with the camera's noise. */
export function paintNuclei(random: Random, cells: readonly Cell[], size: number): Plane<Uint16Array> {
  const light = floatPlane(size, size);
  const texture = noiseField(random, size, size, 5).data;
  for (const cell of cells) {
    around(cell, size, 1, (at, distance) => {
      light.data[at] = cell.brightness * (1 - 0.25 * distance * distance) * (1 + 0.16 * texture[at]!);
    });
  }
  blur(light, 1);
  return expose(random, light, { offset: 260, gain: 9000 });
}

/** A stain of the cell's body: a dim halo, brighter at its rim, with granules; none in the nucleus. */
export function paintBodies(random: Random, cells: readonly Cell[], size: number): Plane<Uint16Array> {
  const light = floatPlane(size, size);
  const granules = noiseField(random, size, size, 4).data;
  for (const cell of cells) {
    around(cell, size, 2.3, (at, distance) => {
      const body = distance < 0.95 ? 0.12 : 0.75 * (1 - ((distance - 0.95) / 1.35) ** 2);
      const here = cell.brightness * body * (1 + 0.35 * Math.max(0, granules[at]!));
      light.data[at] = Math.max(light.data[at]!, here);
    });
  }
  blur(light, 1);
  return expose(random, light, { offset: 340, gain: 5200 });
}

function expose(
  random: Random,
  light: Plane<Float32Array>,
  camera: { offset: number; gain: number },
): Plane<Uint16Array> {
  const { height, width } = light;
  const data = new Uint16Array(height * width);
  const background = noiseField(random, height, width, height / 2).data;
  for (let i = 0; i < data.length; i++) {
    const expected = camera.gain * light.data[i]! + 60 * (1 + 0.4 * background[i]!);
    const noise = random.normal() * Math.sqrt(Math.max(1, expected) * 3 + 100);
    data[i] = Math.max(0, camera.offset + expected + noise);
  }
  return { data, height, width };
}
