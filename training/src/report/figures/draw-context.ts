import type { BenchOutcome } from '../inputs/bench-result.ts';
import type { NamedResult, ResultGroup } from '../named-results.ts';

/** What figures are drawn from. */
export interface DrawContext {
  readonly results: readonly NamedResult[];
  /** Checkpoints of a command that is still to be run: the manifests given, or placeholders. */
  readonly checkpoints: string;
}

/** The commands that made a group, each once, with the files that hold what they wrote. */
export function commandsOf({ results }: ResultGroup<BenchOutcome>): string[] {
  return [...new Set(results.map(({ result }) => result.command))];
}
