/** One plane of pixels, row-major. */
export interface Plane<T extends Uint8Array | Uint16Array | Float32Array> {
  readonly data: T;
  readonly height: number;
  readonly width: number;
}

/** A plane of zeros. */
export function floatPlane(height: number, width: number): Plane<Float32Array> {
  return { data: new Float32Array(height * width), height, width };
}

/**
 * Blur in place by two box filters along each axis, which is near a Gaussian of
 * sigma = sqrt((2 radius + 1)² − 1) / sqrt(6) pixels. The edge pixel repeats outwards.
 */
export function blur({ data, height, width }: Plane<Float32Array>, radius: number): void {
  const line = new Float32Array(Math.max(height, width));
  for (let pass = 0; pass < 2; pass++) {
    for (let y = 0; y < height; y++) boxLine(data, y * width, 1, width, radius, line);
    blurColumns(data, height, width, radius);
  }
}

function boxLine(
  data: Float32Array,
  start: number,
  step: number,
  length: number,
  radius: number,
  line: Float32Array,
): void {
  for (let i = 0; i < length; i++) line[i] = data[start + i * step]!;
  const last = length - 1;
  let sum = 0;
  for (let i = -radius; i <= radius; i++) sum += line[Math.min(last, Math.max(0, i))]!;
  const scale = 1 / (2 * radius + 1);
  for (let i = 0; i < length; i++) {
    data[start + i * step] = sum * scale;
    sum += line[Math.min(last, i + radius + 1)]! - line[Math.max(0, i - radius)]!;
  }
}

/** Columns go row by row with one running sum a column: along memory, five times as fast as column by column. */
function blurColumns(data: Float32Array, height: number, width: number, radius: number): void {
  const source = data.slice();
  const sums = new Float64Array(width);
  const row = (y: number) => Math.min(height - 1, Math.max(0, y)) * width;
  for (let y = -radius; y <= radius; y++) {
    const from = row(y);
    for (let x = 0; x < width; x++) sums[x]! += source[from + x]!;
  }
  const scale = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const enters = row(y + radius + 1);
    const leaves = row(y - radius);
    const to = y * width;
    for (let x = 0; x < width; x++) {
      data[to + x] = sums[x]! * scale;
      sums[x]! += source[enters + x]! - source[leaves + x]!;
    }
  }
}

/** Half the size by the rounded mean of 2×2 pixels; both sides are even. */
export function halveByMean<T extends Uint8Array | Uint16Array>(
  { data, height, width }: Plane<T>,
  create: (length: number) => T,
): Plane<T> {
  const half = { data: create((height / 2) * (width / 2)), height: height / 2, width: width / 2 };
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const at = 2 * y * width + 2 * x;
      half.data[y * half.width + x] =
        (data[at]! + data[at + 1]! + data[at + width]! + data[at + width + 1]! + 2) >> 2;
    }
  }
  return half;
}

/** Half the size by the most frequent of 2×2 ids, the smallest of those that tie; both sides are even. */
export function halveByMode<T extends Uint8Array | Uint16Array>(
  { data, height, width }: Plane<T>,
  create: (length: number) => T,
): Plane<T> {
  const half = { data: create((height / 2) * (width / 2)), height: height / 2, width: width / 2 };
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const at = 2 * y * width + 2 * x;
      half.data[y * half.width + x] = modeOfFour(
        data[at]!,
        data[at + 1]!,
        data[at + width]!,
        data[at + width + 1]!,
      );
    }
  }
  return half;
}

function modeOfFour(a: number, b: number, c: number, d: number): number {
  // Two pairs that tie: the smaller; one pair or more: its value; four different ones: the smallest.
  if (a === b) return c === d ? Math.min(a, c) : a;
  if (a === c) return b === d ? Math.min(a, b) : a;
  if (a === d) return b === c ? Math.min(a, b) : a;
  if (b === c || b === d) return b;
  return c === d ? c : Math.min(a, b, c, d);
}
