import { createRandom } from '../../src/array/random.ts';
import type { Reach, Size3 } from '../../src/raster/volume.ts';

/** Seeded ids 0 … most; `share` of the elements are not 0, in grains of `grain` elements along x. */
export function randomIds(seed: number, size: Size3, { most = 1, share = 0.5, grain = 1 } = {}): Uint32Array {
  const random = createRandom(seed);
  let id = 0;
  return Uint32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => {
    if (i % grain === 0) id = random() < share ? 1 + Math.floor(random() * most) : 0;
    return id;
  });
}

/** Balls at seeded places, most of them touching others; elements in none are 0, in any 1. */
export function randomBalls(seed: number, size: Size3, { count = 30, radius = 5 } = {}): Uint32Array {
  const random = createRandom(seed);
  const ids = new Uint32Array(size[0] * size[1] * size[2]);
  for (let n = 0; n < count; n++) {
    const centre = size.map((length) => random() * length);
    const r = radius * (0.6 + 0.4 * random());
    ids.forEach((_, i) => {
      const [z, y, x] = [Math.floor(i / (size[1] * size[2])), Math.floor(i / size[2]) % size[1], i % size[2]];
      const away = (size[0] > 1 ? (z - centre[0]!) ** 2 : 0) + (y - centre[1]!) ** 2 + (x - centre[2]!) ** 2;
      if (away <= r * r) ids[i] = 1;
    });
  }
  return ids;
}

/** Components by flooding from each element in turn: slow and plain, to compare with. */
export function floodComponents(ids: Uint32Array, [depth, height, width]: Size3, reach: Reach): Uint32Array {
  const labels = new Uint32Array(ids.length);
  let count = 0;
  for (let seed = 0; seed < ids.length; seed++) {
    if (ids[seed] === 0 || labels[seed] !== 0) continue;
    labels[seed] = ++count;
    const stack = [seed];
    while (stack.length > 0) {
      const at = stack.pop()!;
      const [z, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
      for (let dz = -1; dz <= 1; dz++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            const [a, b, c] = [z + dz, y + dy, x + dx];
            if (Math.abs(dz) + Math.abs(dy) + Math.abs(dx) > reach) continue;
            if (a < 0 || b < 0 || c < 0 || a >= depth || b >= height || c >= width) continue;
            const next = (a * height + b) * width + c;
            if (labels[next] !== 0 || ids[next] !== ids[at]) continue;
            labels[next] = count;
            stack.push(next);
          }
        }
      }
    }
  }
  return labels;
}
