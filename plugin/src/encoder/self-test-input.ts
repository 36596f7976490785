/**
 * The self-test's input: the same numbers on every machine and in every language, from a seed. Values of
 * [-2, 2), roughly what normalised images span: blocks of 7 × 7 pixels of one level (so that neighbouring
 * patches differ as those of an image do) and a quarter of noise.
 *
 * Pixel (c, y, x) is `0.75 · u(seed, c, ⌊y/7⌋, ⌊x/7⌋) + 0.25 · u(seed + 1, c, y, x)` with
 * `u(s, c, i, j) = hash(s, c, i, j) / 2^30 − 2`.
 *
 * @returns  float32 [3, heightPx, widthPx]; the caller owns the buffer
 */
export function selfTestImage(seed: number, heightPx: number, widthPx: number): Float32Array {
  const image = new Float32Array(3 * heightPx * widthPx);
  let at = 0;
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const block = uniform(seed, c, Math.floor(y / 7), Math.floor(x / 7));
        image[at++] = 0.75 * block + 0.25 * uniform(seed + 1, c, y, x);
      }
    }
  }
  return image;
}

function uniform(seed: number, c: number, i: number, j: number): number {
  let h = mix(seed >>> 0);
  h = mix(h ^ c);
  h = mix(h ^ i);
  h = mix(h ^ j);
  return h / 2 ** 30 - 2;
}

/** Chris Wellons' lowbias32 after a golden-ratio step; 32-bit integers only, hence portable. */
function mix(value: number): number {
  let x = (value + 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
