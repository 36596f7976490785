import type { Grains } from './grains.ts';
import type { Random } from './random.ts';

/** Ids of the phases in the ground truth; 0 is unlabelled and does not occur. */
export const phase = { matrix: 1, secondary: 2, tertiary: 3, carbide: 4, pore: 5 } as const;

interface Blob {
  readonly x: number;
  readonly y: number;
  /** half axes in pixels */
  readonly a: number;
  readonly b: number;
  readonly angle: number;
  readonly id: number;
}

/** Edge length of a cell in which the cuboids (secondary precipitates) sit, one each. */
const pitchPx = 46;

/**
 * Precipitates, carbides and pores of a nickel superalloy in the matrix of its grains.
 *
 * @returns  phase ids [size, size]
 */
export function precipitate(random: Random, size: number, grains: Grains): Uint8Array {
  const phases = new Uint8Array(size * size).fill(phase.matrix);
  grains.centres.forEach((centre, grain) => {
    growCuboids(random, { phases, size, grains, grain, centre });
  });
  growTertiary(random, phases, size, grains);
  growInclusions(random, phases, size, grains);
  return phases;
}

interface Growth {
  readonly phases: Uint8Array;
  readonly size: number;
  readonly grains: Grains;
  readonly grain: number;
  readonly centre: { readonly x: number; readonly y: number };
}

/** Rounded cubes on a disordered lattice along the grain's own axes. */
function growCuboids(random: Random, { phases, size, grains, grain, centre }: Growth): void {
  const angle = grains.orientations[grain]!;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.ceil(Math.max(900, size / 6) / pitchPx);
  for (let i = -reach; i <= reach; i++) {
    for (let j = -reach; j <= reach; j++) {
      const u = (i + random.between(-0.17, 0.17)) * pitchPx;
      const v = (j + random.between(-0.17, 0.17)) * pitchPx;
      const a = random.between(11, 20.5);
      const b = a * random.between(0.78, 1.25);
      const tilt = random.normal() * 0.07;
      const missing = random.next() < 0.06;
      const x = centre.x + u * cos - v * sin;
      const y = centre.y + u * sin + v * cos;
      if (missing || x < -30 || y < -30 || x > size + 30 || y > size + 30) continue;
      paint(phases, size, { x, y, a, b, angle: angle + tilt, id: phase.secondary }, (at) => {
        return grains.ids[at] === grain && grains.depthPx[at]! > 2;
      });
    }
  }
}

/** Small discs in what matrix is left, clear of the cuboids and of each other. */
function growTertiary(random: Random, phases: Uint8Array, size: number, grains: Grains): void {
  const count = Math.round((size * size) / 150);
  for (let n = 0; n < count; n++) {
    const x = random.between(0, size);
    const y = random.between(0, size);
    const a = random.between(1.7, 4.2);
    const clear = a + 1.8;
    const free = (dx: number, dy: number) => {
      const px = Math.round(x + dx);
      const py = Math.round(y + dy);
      if (px < 0 || py < 0 || px >= size || py >= size) return true;
      return phases[py * size + px] === phase.matrix && grains.depthPx[py * size + px]! > 3;
    };
    const half = clear * Math.SQRT1_2;
    const around = [
      [0, 0],
      [clear, 0],
      [-clear, 0],
      [0, clear],
      [0, -clear],
      [half, half],
      [-half, half],
      [half, -half],
      [-half, -half],
    ];
    if (!around.every(([dx, dy]) => free(dx!, dy!))) continue;
    paint(
      phases,
      size,
      { x, y, a, b: a * random.between(0.85, 1.15), angle: 0, id: phase.tertiary },
      () => true,
    );
  }
}

/** Carbides along the boundaries, a few within grains; pores anywhere. */
function growInclusions(random: Random, phases: Uint8Array, size: number, grains: Grains): void {
  const count = Math.max(3, Math.round((size / 4096) ** 2 * 190));
  for (let n = 0; n < count; ) {
    const x = random.between(0, size);
    const y = random.between(0, size);
    const depth = grains.depthPx[Math.floor(y) * size + Math.floor(x)]!;
    if (depth > 5 && random.next() > 0.002) continue;
    const a = random.between(6, 17) * (random.next() < 0.12 ? 2 : 1);
    const id = n % 9 === 8 ? phase.pore : phase.carbide;
    const b = a * (id === phase.pore ? random.between(0.8, 1.1) : random.between(0.4, 1));
    paint(phases, size, { x, y, a, b, angle: random.between(0, Math.PI), id }, () => true);
    n++;
  }
}

/** Fill a superellipse of power 4 (a square with round corners), of power 2 where it is small. */
function paint(
  phases: Uint8Array,
  size: number,
  { x, y, a, b, angle, id }: Blob,
  may: (at: number) => boolean,
): void {
  const reach = Math.ceil(Math.max(a, b) * 1.2);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const square = id === phase.secondary;
  for (let py = Math.max(0, Math.floor(y - reach)); py <= Math.min(size - 1, y + reach); py++) {
    for (let px = Math.max(0, Math.floor(x - reach)); px <= Math.min(size - 1, x + reach); px++) {
      const u2 = (((px - x) * cos + (py - y) * sin) / a) ** 2;
      const v2 = (((py - y) * cos - (px - x) * sin) / b) ** 2;
      const inside = square ? u2 * u2 + v2 * v2 : u2 + v2;
      if (inside <= 1 && may(py * size + px)) phases[py * size + px] = id;
    }
  }
}
