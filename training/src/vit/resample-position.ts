/**
 * The matrix that resamples a position embedding from its trained grid to another, as timm does: torch's antialiased
 * bicubic (Keys' kernel, a = −0.5, widened when shrinking), along rows and along columns.
 *
 * @returns float32 [rows·cols, trainedRows·trainedCols], row-major
 */
export function resampleMatrix(
  [trainedRows, trainedCols]: readonly [number, number],
  [rows, cols]: readonly [number, number],
): Float32Array {
  const [alongRows, alongCols] = [axisMatrix(trainedRows, rows), axisMatrix(trainedCols, cols)];
  const matrix = new Float32Array(rows * cols * trainedRows * trainedCols);
  let at = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      for (let fromY = 0; fromY < trainedRows; fromY++) {
        const weight = alongRows[y * trainedRows + fromY] ?? 0;
        for (let fromX = 0; fromX < trainedCols; fromX++) {
          matrix[at++] = weight * (alongCols[x * trainedCols + fromX] ?? 0);
        }
      }
    }
  }
  return matrix;
}

/** [size, trained]; every row sums to 1. */
function axisMatrix(trained: number, size: number): Float64Array {
  const scale = trained / size;
  const stretch = Math.max(scale, 1);
  const matrix = new Float64Array(size * trained);
  for (let i = 0; i < size; i++) {
    const centre = (i + 0.5) * scale;
    let total = 0;
    for (let j = 0; j < trained; j++) total += keys((j + 0.5 - centre) / stretch);
    for (let j = 0; j < trained; j++) matrix[i * trained + j] = keys((j + 0.5 - centre) / stretch) / total;
  }
  return matrix;
}

function keys(offset: number): number {
  const t = Math.abs(offset);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}
