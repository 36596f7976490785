import { type Grains, growGrains } from './grains.ts';
import { noiseField } from './noise-field.ts';
import { precipitate } from './phases.ts';
import { createRandom, type Random } from './random.ts';
import { blur, floatPlane } from './raster.ts';

/** A synthetic micrograph of a nickel superalloy with its ground truth, all [size, size]. */
export interface Microstructure {
  /** secondary electrons, back-scattered electrons, an Al Kα map */
  readonly channels: readonly Uint8Array[];
  readonly phases: Uint8Array;
  /** grain ids from 1 on */
  readonly grains: Uint16Array;
}

/** Side of a pixel: a field of 4096 pixels is 51 µm. */
export const microstructurePixelUm = 0.0125;
const grainPitchPx = 640;

/** How bright each phase is in each detector, by phase id; made up, in the order a microscopist expects. */
const seBrightness = [0, 0.52, 0.36, 0.4, 0.62, 0.1];
const bseBrightness = [0, 0.5, 0.36, 0.4, 0.92, 0.05];
const aluminium = [0, 0.24, 0.78, 0.66, 0.05, 0.02];

/** @param size  pixels along each side; features keep their size in pixels, so that a small one is a crop */
export function makeMicrostructure(size: number, seed: number): Microstructure {
  const random = createRandom(seed);
  const grains = growGrains(random, size, grainPitchPx);
  const phases = precipitate(random, size, grains);
  return {
    channels: [
      secondaryElectrons(random, size, grains, phases),
      backscatteredElectrons(random, size, grains, phases),
      elementMap(random, size, phases),
    ],
    phases,
    grains: grains.ids.map((id) => id + 1),
  };
}

/** Relief seen at an angle: etched precipitates with a bright rim, grooves, charging, and lines of the scan. */
function secondaryElectrons(random: Random, size: number, grains: Grains, phases: Uint8Array): Uint8Array {
  const relief = floatPlane(size, size);
  for (let i = 0; i < relief.data.length; i++) {
    const groove = grains.depthPx[i]! < 2 ? 0.16 : 0;
    relief.data[i] = seBrightness[phases[i]!]! - groove;
  }
  blur(relief, 1);
  const charging = noiseField(random, size, size, size / 3).data;
  const streaks = scanStreaks(random, size);
  const image = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    const line = random.normal() * 0.008;
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const right = relief.data[x + 2 < size ? i + 2 : i]!;
      const below = relief.data[y + 2 < size ? i + 2 * size : i]!;
      const slope = relief.data[i]! - 0.55 * right - 0.45 * below;
      const rim = Math.abs(slope) * 0.5 + slope * 0.45;
      const bright =
        relief.data[i]! +
        rim +
        0.07 * charging[i]! +
        0.1 * (x / size - 0.5) +
        streaks[y]! * (1 - x / size) +
        line;
      image[i] = 255 * clamp(bright + random.normal() * (0.022 + 0.03 * bright));
    }
  }
  return image;
}

/** Rows in which charge had built up: bright from the left on, dying away over some rows. */
function scanStreaks(random: Random, size: number): Float32Array {
  const streaks = new Float32Array(size);
  let charge = 0;
  for (let y = 0; y < size; y++) {
    charge = random.next() < 0.004 ? random.between(0.05, 0.16) : charge * 0.9;
    streaks[y] = charge;
  }
  return streaks;
}

/** Mean atomic number, and a little of each grain's orientation (channelling). */
function backscatteredElectrons(
  random: Random,
  size: number,
  grains: Grains,
  phases: Uint8Array,
): Uint8Array {
  const orientation = Float32Array.from(grains.centres, () => random.between(-0.09, 0.09));
  const plane = floatPlane(size, size);
  for (let i = 0; i < plane.data.length; i++) {
    const boundary = grains.depthPx[i] === 0 ? -0.04 : 0;
    plane.data[i] = bseBrightness[phases[i]!]! + orientation[grains.ids[i]!]! + boundary;
  }
  blur(plane, 1);
  return grey(plane.data, (v) => v + random.normal() * (0.03 + 0.02 * v));
}

/** X-ray counts: from a volume some pixels wide, and few of them. */
function elementMap(random: Random, size: number, phases: Uint8Array): Uint8Array {
  const plane = floatPlane(size, size);
  for (let i = 0; i < plane.data.length; i++) plane.data[i] = aluminium[phases[i]!]!;
  blur(plane, 3);
  const countsAtFull = 60;
  return grey(plane.data, (v) => {
    const expected = v * countsAtFull;
    return (0.9 * Math.round(expected + random.normal() * Math.sqrt(expected))) / countsAtFull;
  });
}

/** A loop, since `Uint8Array.from` takes ten times as long. */
function grey(brightness: Float32Array, detect: (v: number) => number): Uint8Array {
  const image = new Uint8Array(brightness.length);
  for (let i = 0; i < image.length; i++) image[i] = 255 * clamp(detect(brightness[i]!));
  return image;
}

const clamp = (v: number) => Math.max(0, Math.min(1, v));
