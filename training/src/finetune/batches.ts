import { createRandom } from 'alibi-zarr/checkpoint';
import { mixedSeed } from '../random.ts';
import type { Batch } from './student.ts';
import type { Teacher } from './teacher.ts';
import type { Views } from './views.ts';

/** What a step learns from: a function of the step's number, so that a resumed run goes on with the same. */
export interface Batches {
  /** @param step  from 0; @param part  of the step's accumulation, from 0 */
  batch(step: number, part: number): Promise<Batch>;
}

export interface ViewBatchOptions {
  readonly seed: number;
  readonly count: number;
  readonly patch: number;
  readonly dim: number;
  /** Tokens along a side of what the student sees, and of the view the teacher sees. */
  readonly tokens: number;
  readonly viewTokens: number;
  /** Half the time content moves round the torus by whole tokens: for students whose distances wrap. */
  readonly roll: boolean;
  /** Channels of the target set to zero. */
  readonly blank: readonly number[];
  /** Views before they are drawn again, each time at other offsets; null: every view is new. */
  readonly deck: number | null;
  readonly parts: number;
}

/** The teacher's tokens of view n [viewTokens², dim], however they are had. */
export type ViewTokens = (n: number, image: () => Promise<Float32Array>) => Promise<Float32Array>;

/** The student's crop lies in the teacher's view at a random offset of whole tokens. */
export function viewBatches(views: Views, tokensOf: ViewTokens, o: ViewBatchOptions): Batches {
  const size = o.tokens * o.patch;
  return {
    async batch(step, part) {
      const images = new Float32Array(o.count * 3 * size * size);
      const targets = new Float32Array(o.count * o.tokens ** 2 * o.dim);
      for (let i = 0; i < o.count; i++) {
        const draw = (step * o.parts + part) * o.count + i;
        const n = o.deck === null ? draw : dealt(draw, o.deck, o.seed);
        const view = await views.view(n);
        const tokens = await tokensOf(n, async () => view);
        cut({ view, tokens, images, targets, i }, { ...o, draw });
      }
      for (let t = 0; t < targets.length; t += o.dim) for (const c of o.blank) targets[t + c] = 0;
      return { images: { shape: [o.count, 3, size, size], data: images }, targets };
    },
  };
}

interface Cut {
  readonly view: Float32Array;
  readonly tokens: Float32Array;
  readonly images: Float32Array;
  readonly targets: Float32Array;
  readonly i: number;
}

function cut(
  { view, tokens, images, targets, i }: Cut,
  o: ViewBatchOptions & { readonly draw: number },
): void {
  const random = createRandom(mixedSeed(o.seed, 0x0ff5, o.draw));
  const offset = (): number => Math.floor(random() * (o.viewTokens - o.tokens + 1));
  const [row, col] = [offset(), offset()];
  const rolled = o.roll && random() < 0.5;
  const shift = (): number => (rolled ? Math.floor(random() * o.tokens) : 0);
  const [down, right] = [shift(), shift()];
  const size = o.tokens * o.patch;
  const viewSize = o.viewTokens * o.patch;
  for (let y = 0; y < o.tokens; y++) {
    for (let x = 0; x < o.tokens; x++) {
      const toToken = ((y + down) % o.tokens) * o.tokens + ((x + right) % o.tokens);
      const from = ((row + y) * o.viewTokens + col + x) * o.dim;
      targets.set(tokens.subarray(from, from + o.dim), (i * o.tokens ** 2 + toToken) * o.dim);
    }
  }
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < size; y++) {
      const to = (i * 3 + c) * size * size + ((y + down * o.patch) % size) * size;
      const from = (c * viewSize + row * o.patch + y) * viewSize + col * o.patch;
      const line = view.subarray(from, from + size);
      const split = size - right * o.patch;
      images.set(line.subarray(0, split), to + right * o.patch);
      images.set(line.subarray(split), to);
    }
  }
}

/** Number `draw` of decks of `size` cards, each shuffled (n ↦ a·n + b mod size) in its own way. */
function dealt(draw: number, size: number, seed: number): number {
  const random = createRandom(mixedSeed(seed, 0xdecc, Math.floor(draw / size)));
  let step = 1 + Math.floor(random() * (size - 1));
  while (divisor(step, size) !== 1) step = (step % size) + 1;
  return (step * (draw % size) + Math.floor(random() * size)) % size;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** One fixed batch, without augmentation. */
export function fixedBatch(batch: Batch): Batches {
  return { batch: async () => batch };
}

/** Asks the teacher for each view, and keeps answers in memory up to a number of bytes. */
export function teacherTokens(
  teacher: Teacher,
  o: { readonly sizePx: number; readonly byteLimit: number },
): ViewTokens {
  const kept = new Map<number, Float32Array>();
  let bytes = 0;
  return async (n, image) => {
    const known = kept.get(n);
    if (known !== undefined) return known;
    const tokens = await teacher.tokens(await image(), 1, o.sizePx);
    if (bytes + tokens.byteLength <= o.byteLimit) {
      kept.set(n, tokens);
      bytes += tokens.byteLength;
    }
    return tokens;
  };
}
