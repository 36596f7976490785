import { basename } from 'node:path';
import { resizedSquare } from './bench-images.ts';
import { type BenchSubject, wholePatches } from './bench-subject.ts';
import { EXACT, openImage } from './image-file.ts';
import type { BenchContext } from './run-bench.ts';
import { encodeOutputs, type Pixels, type TokenGrid } from './tokens.ts';

/** One image and what a checkpoint makes of it. */
export interface EncodedImage {
  readonly name: string;
  readonly sizePx: number;
  readonly pixels: Pixels;
  /** In the order of the outputs asked for. */
  readonly grids: readonly TokenGrid[];
}

/**
 * The images one after the other, each resized to a square of about `sizePx` and encoded in one window; a step each.
 *
 * @param outputs  of the graph
 */
export async function* encodeImages(
  subject: BenchSubject,
  context: BenchContext,
  { sizePx, outputs }: { readonly sizePx: number; readonly outputs: readonly string[] },
): AsyncGenerator<EncodedImage> {
  const side = wholePatches(subject, sizePx);
  for (const path of context.images) {
    context.signal.throwIfAborted();
    const pixels = resizedSquare(await openImage(path, EXACT), { ...subject.input, sizePx: side });
    const grids = await encodeOutputs(subject.runner, pixels, outputs);
    await context.step();
    yield { name: basename(path), sizePx: side, pixels, grids };
  }
}
