/** Second central moments of an object divided by its size, in physical units: the covariance of its elements' centres. */
export interface Covariance {
  readonly zz: number;
  readonly yy: number;
  readonly xx: number;
  readonly zy: number;
  readonly zx: number;
  readonly yx: number;
}

/** Ellipse of the same second moments, as `skimage.measure.regionprops` has it. */
export interface PlaneShape {
  readonly axisMajorLength: number;
  readonly axisMinorLength: number;
  readonly eccentricity: number;
  /** Radians from the y axis to the major axis, counter-clockwise, −π/2 … π/2. */
  readonly orientation: number;
}

export function planeShape({ yy, xx, yx }: Covariance): PlaneShape {
  // The inertia tensor of a plane: the axes change places and the product its sign.
  const [a, b, c] = [xx, -yx, yy];
  const middle = (a + c) / 2;
  const apart = Math.hypot((a - c) / 2, b);
  const major = Math.max(0, middle + apart);
  const minor = Math.max(0, middle - apart);
  const degenerate = b < 0 ? Math.PI / 4 : -Math.PI / 4;
  return {
    axisMajorLength: 4 * Math.sqrt(major),
    axisMinorLength: 4 * Math.sqrt(minor),
    eccentricity: major === 0 ? 0 : Math.sqrt(1 - minor / major),
    orientation: a === c ? degenerate : 0.5 * Math.atan2(-2 * b, c - a),
  };
}

/** Longest and shortest axis of the ellipsoid of the same second moments, as `skimage.measure.regionprops` has them. */
export function volumeShape(covariance: Covariance): {
  readonly axisMajorLength: number;
  readonly axisMinorLength: number;
} {
  const { zz, yy, xx, zy, zx, yx } = covariance;
  const inertia: Matrix3 = [
    [yy + xx, -zy, -zx],
    [-zy, zz + xx, -yx],
    [-zx, -yx, zz + yy],
  ];
  const [first, second, third] = eigenvalues3(inertia);
  const length = (square: number): number => Math.sqrt(Math.max(0, 10 * square));
  return {
    axisMajorLength: length(first + second - third),
    axisMinorLength: length(-first + second + third),
  };
}

type Row3 = [number, number, number];
type Matrix3 = [Row3, Row3, Row3];

/** Sweeps of Jacobi rotations; five reach the last digit, the rest is margin. */
const sweeps = 12;

/**
 * Eigenvalues of a symmetric matrix, falling; changes it.
 *
 * Source: Golub, Van Loan, Matrix Computations, 4th ed., §8.5 (cyclic Jacobi)
 */
function eigenvalues3(matrix: Matrix3): Row3 {
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      if (matrix[p][q] === 0) continue;
      const tau = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
      const tangent = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
      const cosine = 1 / Math.sqrt(1 + tangent * tangent);
      rotate(matrix, p, q, { cosine, sine: tangent * cosine });
    }
  }
  const values: Row3 = [matrix[0][0], matrix[1][1], matrix[2][2]];
  return values.sort((a, b) => b - a);
}

function rotate(
  matrix: Matrix3,
  p: 0 | 1 | 2,
  q: 0 | 1 | 2,
  { cosine, sine }: { readonly cosine: number; readonly sine: number },
): void {
  for (const row of matrix) {
    [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
  }
  for (const k of [0, 1, 2] as const) {
    const [above, below] = [matrix[p][k], matrix[q][k]];
    matrix[p][k] = cosine * above - sine * below;
    matrix[q][k] = sine * above + cosine * below;
  }
}
