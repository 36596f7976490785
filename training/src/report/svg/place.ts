/** A place in a drawing as SVG writes it: hundredths of a unit are finer than any screen. */
export function place(value: number): string {
  return String(Number(value.toFixed(2)));
}
