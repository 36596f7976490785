import type { BenchOutcome } from './inputs/bench-result.ts';
import type { NamedResult } from './named-results.ts';

/** The headline numbers of everything that was run, checkpoint beside checkpoint, with what made each. */
export interface MeasuredNumbers {
  readonly benches: readonly MeasuredBench[];
  /** Each once; numbers refer to them by place. */
  readonly commands: readonly string[];
}

export interface MeasuredBench {
  readonly title: string;
  readonly labels: readonly string[];
  /** The name each of them has in its manifest. */
  readonly names: readonly string[];
  readonly rows: readonly MeasuredRow[];
}

export interface MeasuredRow {
  readonly name: string;
  /** On what and how; empty where the bench does not say. */
  readonly note: string;
  /** One a label; null: not measured. */
  readonly cells: readonly (MeasuredCell | null)[];
}

export interface MeasuredCell {
  readonly value: number;
  /** Place in `commands`, from 0. */
  readonly command: number;
}

const TITLES: Readonly<Record<BenchOutcome['format'], string>> = {
  'alibi-train/probe/1': 'Linear probe',
  'alibi-train/fingerprint/1': 'Positional fingerprint',
  'alibi-train/homogeneity/1': 'Homogeneity',
  'alibi-train/seam/1': 'Windows',
  'alibi-train/loss/1': 'Distance from the original',
  'alibi-train/scribbles/1': 'Segmentation trained on scribbles',
  'alibi-train/segmentation/1': 'Segmentation of data sets',
};

/** Numbers of the same name and note share a row: only what was measured alike stands side by side. */
export function measuredNumbers(results: readonly NamedResult[]): MeasuredNumbers {
  const commands = [...new Set(results.map(({ result }) => result.command))];
  const formats = [...new Set(results.map(({ result }) => result.format))];
  const benches = formats.map((format): MeasuredBench => {
    const own = results.filter(({ result }) => result.format === format);
    const labels = [...new Set(own.map(({ label }) => label))];
    const names = labels.map((label) => own.find((one) => one.label === label)?.result.model.name ?? '');
    const rows = new Map<string, { name: string; note: string; cells: (MeasuredCell | null)[] }>();
    for (const { label, result } of own) {
      for (const { name, value, note = '' } of result.figures) {
        const key = JSON.stringify([name, note]);
        const row = rows.get(key) ?? { name, note, cells: labels.map(() => null) };
        rows.set(key, row);
        row.cells[labels.indexOf(label)] = { value, command: commands.indexOf(result.command) };
      }
    }
    return { title: TITLES[format], labels, names, rows: [...rows.values()] };
  });
  return { benches, commands };
}
