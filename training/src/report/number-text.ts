/** A number for people: four decimals at most, with a power of ten where these would say nothing; a real minus sign. */
export function numberText(value: number | null, decimals = 4): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  const text =
    size >= 1e6 || (size > 0 && size < 0.5 * 10 ** -decimals)
      ? value.toExponential(2)
      : String(Number(value.toFixed(decimals)));
  return text.replaceAll('-', '−').replace('+', '');
}

/** With just so many decimals, as numbers that stand below each other are written. */
export function fixedText(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** `1 image`, `3 images` */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}
