export const SCHEDULES = ['cosine', 'constant'] as const;

export interface Schedule {
  readonly kind: (typeof SCHEDULES)[number];
  readonly peak: number;
  /** Steps of linear rise from 0 to the peak. */
  readonly warmup: number;
  readonly steps: number;
}

/** @param step  from 0; cosine decay ends at 0 after the last step */
export function learningRate({ kind, peak, warmup, steps }: Schedule, step: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (kind === 'constant') return peak;
  const done = (step - warmup) / Math.max(1, steps - warmup);
  return peak * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done)));
}
