import { addScaled, dot } from '../array/vector.ts';

/** Value at `point`; fills `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => Promise<number>;

const memory = 10;
const sufficientDecrease = 1e-4;
const shortestStep = 1e-10;

/** Multiplies a vector by a matrix near the inverse Hessian, in place. */
export type Precondition = (vector: Float64Array) => void;

/**
 * Minimum of a smooth convex function by L-BFGS with a backtracking line search.
 *
 * @param start         not changed
 * @param tolerance     largest entry of the gradient at which to stop
 * @param precondition  symmetric and positive definite; the nearer to the inverse Hessian, the fewer evaluations
 * @returns             the point reached; the caller owns the buffer
 * Source: Nocedal, Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 3.1.
 */
export async function minimise(
  objective: Objective,
  start: Float64Array,
  options: { readonly tolerance: number; readonly roundLimit: number; readonly precondition: Precondition },
): Promise<Float64Array> {
  let point = start.slice();
  let gradient = new Float64Array(point.length);
  let value = await objective(point, gradient);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  for (let round = 0; round < options.roundLimit; round++) {
    if (gradient.every((entry) => Math.abs(entry) <= options.tolerance)) break;
    const direction = descent(gradient, steps, changes, options.precondition);
    const slope = dot(direction, gradient);
    let length = 1;
    let next = point;
    let nextGradient = gradient;
    let nextValue = value;
    for (;;) {
      next = point.map((entry, i) => entry + length * direction[i]!);
      nextGradient = new Float64Array(point.length);
      nextValue = await objective(next, nextGradient);
      if (nextValue <= value + sufficientDecrease * length * slope) break;
      length /= 2;
      // Rounding hides any further decrease: this is the minimum as far as float64 can tell.
      if (length < shortestStep) return point;
    }
    const step = next.map((entry, i) => entry - point[i]!);
    const change = nextGradient.map((entry, i) => entry - gradient[i]!);
    // Only a positive curvature keeps the approximation positive definite.
    if (dot(step, change) > 1e-12 * dot(step, step)) {
      steps.push(step);
      changes.push(change);
      if (steps.length > memory) {
        steps.shift();
        changes.shift();
      }
    }
    point = next;
    gradient = nextGradient;
    value = nextValue;
  }
  return point;
}

/** Minus the approximate inverse Hessian times the gradient (the two-loop recursion). */
function descent(
  gradient: Float64Array,
  steps: readonly Float64Array[],
  changes: readonly Float64Array[],
  precondition: Precondition,
): Float64Array {
  const direction = gradient.map((entry) => -entry);
  const shares: number[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    shares[i] = dot(steps[i]!, direction) / dot(steps[i]!, changes[i]!);
    addScaled(direction, changes[i]!, -shares[i]!);
  }
  precondition(direction);
  const last = steps.length - 1;
  if (last >= 0) {
    // As large as the latest step says the inverse Hessian is.
    const change = changes[last]!.slice();
    precondition(change);
    const scale = dot(steps[last]!, changes[last]!) / dot(changes[last]!, change);
    for (let i = 0; i < direction.length; i++) direction[i] = direction[i]! * scale;
  }
  for (let i = 0; i < steps.length; i++) {
    const share = dot(changes[i]!, direction) / dot(steps[i]!, changes[i]!);
    addScaled(direction, steps[i]!, shares[i]! - share);
  }
  return direction;
}
