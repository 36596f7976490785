import { createRandom } from 'alibi-zarr/checkpoint';
import { mixedSeed, normalStream } from '../random.ts';
import { normalised, type Picture } from './picture.ts';

const KINDS = ['cells', 'grains', 'phases', 'particles', 'fibres'] as const;

type Random = () => number;

/**
 * A generated micrograph of 512² pixels: one of sparse bright cells, textured grains, two interpenetrating phases, dense
 * particles and fibres, with shot noise and uneven light. A function of its number and seed alone.
 */
export function syntheticPicture(seed: number, n: number): Picture {
  const random = createRandom(mixedSeed(seed, 0x5eed, n));
  const kind = KINDS[n % KINDS.length] ?? 'cells';
  const size = 512;
  const data = painters[kind](size, random);
  return normalised({ height: size, width: size, channels: 1, data: withNoise(data, size, random) });
}

const painters: Readonly<Record<(typeof KINDS)[number], (size: number, random: Random) => Float32Array>> = {
  cells: (size, random) => {
    const data = new Float32Array(size * size).fill(0.05);
    const count = 3 + Math.floor(40 * random() ** 2);
    const radius = 8 + 26 * random();
    for (let i = 0; i < count; i++) {
      blob(data, size, {
        random,
        radius: radius * (0.6 + 0.8 * random()),
        level: 0.3 + 0.7 * random(),
        edge: 2 + 6 * random(),
      });
    }
    return data;
  },
  particles: (size, random) => {
    const data = new Float32Array(size * size).fill(0.3 * random());
    const radius = 3 + 14 * random();
    const count = Math.min(3000, Math.floor((0.5 * size * size) / (Math.PI * radius * radius)));
    for (let i = 0; i < count; i++) {
      blob(data, size, {
        random,
        radius: radius * (0.5 + random()),
        level: 0.4 + 0.5 * random(),
        edge: 1 + random(),
      });
    }
    return data;
  },
  grains: (size, random) => grains(size, random),
  phases: (size, random) => phases(size, random),
  fibres: (size, random) => {
    const data = new Float32Array(size * size).fill(0.15);
    const width = 1.5 + 7 * random();
    const turn = Math.PI * random();
    const count = 15 + Math.floor(80 * random());
    for (let i = 0; i < count; i++)
      fibre(data, size, { random, width, angle: turn + 0.5 * (random() - 0.5) });
    return data;
  },
};

function blob(
  data: Float32Array,
  size: number,
  o: { readonly random: Random; readonly radius: number; readonly level: number; readonly edge: number },
): void {
  const { random, radius, level, edge } = o;
  const [cy, cx, squash, turn] = [size * random(), size * random(), 0.6 + 0.4 * random(), Math.PI * random()];
  const reach = Math.ceil(radius + 3 * edge);
  for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(size, cy + reach); y++) {
    for (let x = Math.max(0, Math.floor(cx - reach)); x < Math.min(size, cx + reach); x++) {
      const along = (x - cx) * Math.cos(turn) + (y - cy) * Math.sin(turn);
      const across = ((y - cy) * Math.cos(turn) - (x - cx) * Math.sin(turn)) / squash;
      const inside = 1 / (1 + Math.exp((Math.hypot(along, across) - radius) / (0.5 * edge)));
      const at = y * size + x;
      data[at] = Math.max(data[at] ?? 0, level * inside);
    }
  }
}

function fibre(
  data: Float32Array,
  size: number,
  o: { readonly random: Random; readonly width: number; readonly angle: number },
): void {
  let [y, x, angle] = [size * o.random(), size * o.random(), o.angle];
  const bend = 0.02 * (o.random() - 0.5);
  const level = 0.5 + 0.5 * o.random();
  for (let step = 0; step < 2 * size; step++) {
    angle += bend + 0.02 * (o.random() - 0.5);
    y = (y + Math.sin(angle) + size) % size;
    x = (x + Math.cos(angle) + size) % size;
    const reach = Math.ceil(o.width);
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const at = ((Math.round(y) + dy + size) % size) * size + ((Math.round(x) + dx + size) % size);
        const inside = Math.max(0, 1 - Math.hypot(dy, dx) / (o.width + 0.5));
        data[at] = Math.max(data[at] ?? 0, level * Math.sqrt(inside));
      }
    }
  }
}

/** A Voronoi tessellation whose cells differ in level and stripes. */
function grains(size: number, random: Random): Float32Array {
  const count = 12 + Math.floor(120 * random());
  const seeds = Array.from({ length: count }, () => ({
    y: size * random(),
    x: size * random(),
    level: 0.2 + 0.6 * random(),
    stripes: random() < 0.5 ? 0.15 * random() : 0,
    pitch: 2 + 10 * random(),
    turn: Math.PI * random(),
  }));
  const border = 1 + 3 * random();
  const data = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let [first, second, nearest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, seeds[0]];
      for (const seed of seeds) {
        const apart = Math.hypot(y - seed.y, x - seed.x);
        if (apart < first) [second, first, nearest] = [first, apart, seed];
        else if (apart < second) second = apart;
      }
      if (nearest === undefined) continue;
      const phase = (x * Math.cos(nearest.turn) + y * Math.sin(nearest.turn)) / nearest.pitch;
      const level = nearest.level + nearest.stripes * Math.sin(2 * Math.PI * phase);
      data[y * size + x] = second - first < border ? 0.05 : level;
    }
  }
  return data;
}

/** A sum of random waves of one length, cut at a level: spinodal decomposition (Cahn, 1965). */
function phases(size: number, random: Random): Float32Array {
  const length = 12 + 50 * random();
  const waves = Array.from({ length: 40 }, () => {
    const turn = 2 * Math.PI * random();
    const frequency = ((2 * Math.PI) / length) * (0.85 + 0.3 * random());
    return { y: frequency * Math.sin(turn), x: frequency * Math.cos(turn), shift: 2 * Math.PI * random() };
  });
  const cut = 2 * (random() - 0.5);
  const texture = 0.1 * random();
  const data = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (const wave of waves) sum += Math.cos(wave.y * y + wave.x * x + wave.shift);
      const inside = 1 / (1 + Math.exp(-3 * (sum / Math.sqrt(20) - cut)));
      data[y * size + x] = 0.25 + 0.5 * inside + texture * Math.sin(x * 0.9 + 3 * inside) * inside;
    }
  }
  return data;
}

function withNoise(data: Float32Array, size: number, random: Random): Float32Array {
  const normal = normalStream(random);
  const [amount, slope, turn] = [0.01 + 0.06 * random(), 0.3 * random(), 2 * Math.PI * random()];
  for (let i = 0; i < data.length; i++) {
    const [y, x] = [Math.floor(i / size) / size - 0.5, (i % size) / size - 0.5];
    const light = 1 + slope * (x * Math.cos(turn) + y * Math.sin(turn));
    const value = (data[i] ?? 0) * light;
    data[i] = value + amount * Math.sqrt(0.2 + Math.abs(value)) * normal();
  }
  return data;
}
