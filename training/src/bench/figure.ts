/** A headline number, to four decimals, as published. */
export function figure(
  name: string,
  value: number,
  note: string,
): { name: string; value: number; note: string } {
  return { name, value: Number(value.toFixed(4)), note };
}

/** Such as `1 image`, `3 images`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
