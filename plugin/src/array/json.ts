/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Told without recursion, for values whose depth is not known yet. */
export function nestsDeeperThan(value: unknown, limit: number): boolean {
  let layer: unknown[] = [value];
  for (let depth = 0; depth <= limit; depth++) {
    layer = layer.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (layer.length === 0) return false;
  }
  return true;
}
