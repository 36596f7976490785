import { readFile } from 'node:fs/promises';
import type { Triple } from '../manifest.ts';
import { type GreyImage, readPng } from './png.ts';
import type { Pixels } from './seam.ts';

/**
 * A micrograph as the encoder sees it: a centred square of `sizePx`, enlarged bilinearly where it is smaller, grey between
 * its 0.1 and 99.9 percentiles, normalised.
 */
export async function openBenchImage(
  path: string,
  o: { readonly sizePx: number; readonly mean: Triple; readonly std: Triple },
): Promise<Pixels> {
  const grey = centredSquare(readPng(await readFile(path), path), o.sizePx);
  const sorted = Float32Array.from(grey).sort();
  const low = sorted[Math.floor(0.001 * (sorted.length - 1))] ?? 0;
  const high = Math.max(low + 1, sorted[Math.ceil(0.999 * (sorted.length - 1))] ?? 255);
  const pixels = o.sizePx ** 2;
  const data = new Float32Array(3 * pixels);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < pixels; i++) {
      const value = Math.max(0, Math.min(1, ((grey[i] ?? 0) - low) / (high - low)));
      data[c * pixels + i] = (value - (o.mean[c] ?? 0)) / (o.std[c] ?? 1);
    }
  }
  return { height: o.sizePx, width: o.sizePx, data };
}

function centredSquare(image: GreyImage, sizePx: number): Float32Array {
  const side = Math.min(image.height, image.width);
  const step = Math.min(1, side / sizePx);
  const top = (image.height - sizePx * step) / 2;
  const left = (image.width - sizePx * step) / 2;
  const at = (y: number, x: number): number => {
    const row = Math.max(0, Math.min(image.height - 1, y));
    const col = Math.max(0, Math.min(image.width - 1, x));
    return image.data[row * image.width + col] ?? 0;
  };
  return Float32Array.from({ length: sizePx * sizePx }, (_, i) => {
    const y = top + (Math.floor(i / sizePx) + 0.5) * step - 0.5;
    const x = left + ((i % sizePx) + 0.5) * step - 0.5;
    const [y0, x0] = [Math.floor(y), Math.floor(x)];
    const [fy, fx] = [y - y0, x - x0];
    const above = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx;
    const below = at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx;
    return above * (1 - fy) + below * fy;
  });
}
