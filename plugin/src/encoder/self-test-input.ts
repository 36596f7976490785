/**
 * The input of the start-up self-test, made from a seed with 32-bit integer arithmetic and exact binary fractions,
 * so that every machine makes the same bits. Smooth cells of 7 px with noise on them: both low and high frequencies.
 *
 * @returns float32 [3, heightPx, widthPx] in −2.5 … 2.5, as if already normalised; the caller owns the buffer
 */
export function selfTestImage(seed: number, heightPx: number, widthPx: number): Float32Array {
  const random = signedFractions(seed);
  const cellRows = Math.ceil(heightPx / CELL_PX);
  const cellCols = Math.ceil(widthPx / CELL_PX);
  const image = new Float32Array(3 * heightPx * widthPx);
  for (let channel = 0; channel < 3; channel++) {
    const cells = Float32Array.from({ length: cellRows * cellCols }, () => 2 * random());
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const cell = cells[Math.floor(y / CELL_PX) * cellCols + Math.floor(x / CELL_PX)] ?? 0;
        image[(channel * heightPx + y) * widthPx + x] = cell + 0.5 * random();
      }
    }
  }
  return image;
}

const CELL_PX = 7;

/** Multiples of 2⁻¹⁵ in −1 … 1, from the upper bits of a 32-bit xorshift-multiply (splitmix32). */
function signedFractions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    bits = (bits ^ (bits >>> 15)) >>> 0;
    return (bits >>> 16) / 32768 - 1;
  };
}
