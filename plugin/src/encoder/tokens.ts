import { cached } from '../array/cached.ts';
import { type ChunkCache, createChunkCache } from '../array/chunk-cache.ts';
import { type Axis, axisIndex, type Chunk, type LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { shared } from '../array/shared.ts';
import { AlibiError } from '../errors.ts';
import type { Encoder } from './encoder.ts';
import { planWindows, type WindowPlan } from './window-plan.ts';
import { type WindowsOptions, windowsArray } from './windows.ts';

export interface TokensOptions extends WindowsOptions {
  /** Where raw windows are kept; one cache may serve all levels. Default: 256 MiB of this array's own. */
  readonly cache?: ChunkCache;
}

export interface TokensArray extends LazyArray<'float32'> {
  readonly plan: WindowPlan;
  /** Raw tokens of each window; see {@link windowsArray}. */
  readonly windows: LazyArray<'float32'>;
}

const DEFAULT_CACHE_BYTES = 256 * 2 ** 20;

/**
 * The tokens of a level as a lazy array: float32, axes t?, z?, y, x, c = dim, one token a patch of the
 * lattice anchored at pixel (0, 0). A chunk holds `stride` × `stride` tokens (`window − overlap`), so that
 * one in the interior needs at most four windows; it runs those and no more, and asking again runs nothing
 * while they are cached. Overlapping windows are blended with {@link WindowPlan} shares, always in the same
 * order, so values do not depend on which window came first.
 *
 * @throws AlibiError InvalidInput  the level has no y and x axes, or the normalisation does not fit
 */
export function tokensArray(options: TokensOptions): TokensArray {
  const { level, encoder, manifest } = options;
  const heightPx = sizeOf(level, 'y');
  const widthPx = sizeOf(level, 'x');
  const plan = planWindows(
    Math.ceil(heightPx / encoder.patchPx),
    Math.ceil(widthPx / encoder.patchPx),
    manifest.window,
  );
  const raw = windowsArray({ ...options, plan });
  const cache = options.cache ?? createChunkCache({ byteLimit: DEFAULT_CACHE_BYTES });
  // The cache lies below: a window whose callers have all left is still kept when it comes out.
  const windows = shared(cached(raw, { cache }));
  const geometry = tokenGeometry(level, plan, encoder);
  const rank = geometry.shape.length;

  const blend = async (index: readonly number[], request: Parameters<LazyArray['getChunk']>[1]) => {
    const region = chunkRegion(geometry, index);
    const y = { begin: region.start[rank - 3]!, end: region.stop[rank - 3]! };
    const x = { begin: region.start[rank - 2]!, end: region.stop[rank - 2]! };
    const rows = plan.rows.windowsOf(y.begin, y.end);
    const cols = plan.cols.windowsOf(x.begin, x.end);
    const needed: { readonly wy: number; readonly wx: number }[] = [];
    for (let wy = rows.first; wy <= rows.last; wy++) {
      for (let wx = cols.first; wx <= cols.last; wx++) needed.push({ wy, wx });
    }
    const slice = index.slice(0, rank - 3);
    const chunks = await Promise.all(
      needed.map(({ wy, wx }) => windows.getChunk([...slice, wy, wx, 0], request)),
    );
    const shape = region.start.map((start, axis) => region.stop[axis]! - start);
    const data = new Float32Array((y.end - y.begin) * (x.end - x.begin) * encoder.dim);
    for (const [i, at] of needed.entries()) {
      addWindow(data, chunks[i]!, at, { plan, y, x, dim: encoder.dim });
    }
    return { data, shape };
  };

  return {
    ...geometry,
    dtype: 'float32',
    fillValue: 0,
    plan,
    windows,
    get revision() {
      return level.revision;
    },
    getChunk: shared<'float32'>({
      ...geometry,
      dtype: 'float32',
      fillValue: 0,
      get revision() {
        return level.revision;
      },
      getChunk: blend,
    }).getChunk,
  };
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Add a window's share to the chunk of tokens `[y, x]`, float32 [rows, cols, dim]. */
function addWindow(
  target: Float32Array,
  window: Chunk<'float32'>,
  at: { readonly wy: number; readonly wx: number },
  into: { readonly plan: WindowPlan; readonly y: Span; readonly x: Span; readonly dim: number },
): void {
  const { plan, y, x, dim } = into;
  const top = plan.rows.start(at.wy);
  const left = plan.cols.start(at.wx);
  const right = Math.min(x.end, left + plan.cols.window);
  const shares = Array.from({ length: x.end - x.begin }, (_, i) => plan.cols.share(at.wx, x.begin + i));
  for (let row = Math.max(y.begin, top); row < Math.min(y.end, top + plan.rows.window); row++) {
    const rowShare = plan.rows.share(at.wy, row);
    for (let col = Math.max(x.begin, left); col < right; col++) {
      const share = rowShare * shares[col - x.begin]!;
      const from = ((row - top) * plan.cols.window + (col - left)) * dim;
      const to = ((row - y.begin) * (x.end - x.begin) + (col - x.begin)) * dim;
      for (let c = 0; c < dim; c++) target[to + c] = target[to + c]! + share * window.data[from + c]!;
    }
  }
}

function tokenGeometry(level: LazyArray, plan: WindowPlan, { dim, patchPx }: Encoder) {
  const axes: Axis[] = [];
  const shape: number[] = [];
  const chunkShape: number[] = [];
  const scale: number[] = [];
  const translation: number[] = [];
  const tokens: Record<string, { readonly tokens: number; readonly stride: number }> = {
    y: plan.rows,
    x: plan.cols,
  };
  for (const name of ['t', 'z', 'y', 'x']) {
    const axis = axisIndex(level.axes, name);
    if (axis < 0) continue;
    const lattice = tokens[name];
    const pixelSize = level.transform.scale[axis]!;
    axes.push(level.axes[axis]!);
    shape.push(lattice?.tokens ?? level.shape[axis]!);
    chunkShape.push(lattice?.stride ?? 1);
    scale.push(pixelSize * (lattice === undefined ? 1 : patchPx));
    // OME-Zarr places the centre of the first element: half a patch in, less half a pixel.
    translation.push(
      level.transform.translation[axis]! + (lattice === undefined ? 0 : ((patchPx - 1) / 2) * pixelSize),
    );
  }
  axes.push({ name: 'c', type: 'channel' });
  shape.push(dim);
  chunkShape.push(dim);
  scale.push(1);
  translation.push(0);
  return { axes, shape, chunkShape, transform: { scale, translation } };
}

function sizeOf(level: LazyArray, name: string): number {
  const axis = axisIndex(level.axes, name);
  if (axis >= 0) return level.shape[axis]!;
  throw new AlibiError('InvalidInput', {
    what: `the image has no axis called ${name}`,
    where: level.axes.map((candidate) => candidate.name).join(', '),
    remedy: 'Open an image with y and x axes.',
  });
}
