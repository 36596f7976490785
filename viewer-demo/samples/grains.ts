import { noiseField } from './noise-field.ts';
import type { Random } from './random.ts';

/** A polycrystal: which grain every pixel belongs to, and how far it lies from the nearest other one. */
export interface Grains {
  /** grain number from 0 on, [size, size] */
  readonly ids: Uint16Array;
  /** about the distance to the grain's boundary in pixels, cut at 255 */
  readonly depthPx: Uint8Array;
  readonly orientations: Float32Array;
  readonly centres: readonly { readonly x: number; readonly y: number }[];
}

/** Points are looked for in blocks of this many pixels, each with its own short list of grains. */
const blockPx = 64;

/**
 * Voronoi cells of scattered centres, their boundaries bent by smooth noise.
 *
 * @param pitchPx  distance of the centres
 */
export function growGrains(random: Random, size: number, pitchPx: number): Grains {
  const centres = scatterCentres(random, size, pitchPx);
  const bendX = noiseField(random, size, size, pitchPx / 4).data;
  const bendY = noiseField(random, size, size, pitchPx / 4).data;
  const bendPx = pitchPx / 22;
  const ids = new Uint16Array(size * size);
  const depthPx = new Uint8Array(size * size);
  for (let by = 0; by < size; by += blockPx) {
    for (let bx = 0; bx < size; bx += blockPx) {
      const near = nearCentres(centres, bx, by, bendLimit * Math.SQRT2 * bendPx);
      for (let y = by; y < Math.min(size, by + blockPx); y++) {
        for (let x = bx; x < Math.min(size, bx + blockPx); x++) {
          const at = y * size + x;
          const px = x + bendPx * limited(bendX[at]!);
          const py = y + bendPx * limited(bendY[at]!);
          let first = Number.POSITIVE_INFINITY;
          let second = first;
          for (let n = 0; n < near.ids.length; n++) {
            const distance = (near.x[n]! - px) ** 2 + (near.y[n]! - py) ** 2;
            if (distance < first) {
              second = first;
              first = distance;
              ids[at] = near.ids[n]!;
            } else if (distance < second) second = distance;
          }
          depthPx[at] = Math.min(255, (Math.sqrt(second) - Math.sqrt(first)) / 2);
        }
      }
    }
  }
  return {
    ids,
    depthPx,
    centres,
    orientations: Float32Array.from(centres, () => random.between(0, Math.PI / 2)),
  };
}

/** A jittered triangular lattice that reaches beyond the picture, so that no grain knows where it ends. */
function scatterCentres(random: Random, size: number, pitchPx: number): { x: number; y: number }[] {
  const centres = [];
  const rise = pitchPx * 0.87;
  for (let row = -1; row * rise < size + pitchPx; row++) {
    for (let col = -1; col * pitchPx < size + pitchPx; col++) {
      centres.push({
        x: (col + (row % 2 === 0 ? 0.25 : 0.75) + random.between(-0.38, 0.38)) * pitchPx,
        y: (row + 0.5 + random.between(-0.38, 0.38)) * rise,
      });
    }
  }
  return centres;
}

/** The centres that can be nearest, or second, to some point of a block, however it is bent. */
function nearCentres(centres: readonly { x: number; y: number }[], bx: number, by: number, marginPx: number) {
  const half = blockPx / 2;
  const distances = centres.map(({ x, y }) => Math.hypot(x - bx - half, y - by - half));
  const second = [...distances].sort((a, b) => a - b)[1] ?? Number.POSITIVE_INFINITY;
  const reach = second + 2 * (half * Math.SQRT2 + marginPx);
  const ids = [...centres.keys()].filter((i) => distances[i]! <= reach);
  return {
    ids,
    x: Float64Array.from(ids, (i) => centres[i]!.x),
    y: Float64Array.from(ids, (i) => centres[i]!.y),
  };
}

/** Noise is cut here, so that a block knows how far its points can be moved. */
const bendLimit = 1.5;
const limited = (v: number) => Math.max(-bendLimit, Math.min(bendLimit, v));
