import { AlibiError } from 'alibi-zarr/checkpoint';
import { type LogLine, parseLogLine } from 'alibi-zarr-schemas';

export interface TrainingLog {
  readonly file: string;
  /** By step, rising. */
  readonly lines: readonly LogLine[];
  /** True where the last line was still being written. */
  readonly isCut: boolean;
}

/**
 * Reads log.jsonl of a finetuning, also of one that goes on: a last line without its end is left out.
 *
 * @throws AlibiError  InvalidInput naming file, line and field
 */
export function parseTrainingLog(text: string, file: string): TrainingLog {
  const all = text.split('\n');
  const rest = all.pop() ?? '';
  const lines: LogLine[] = [];
  for (const [i, line] of all.entries()) {
    if (line.trim() !== '')
      lines.push(parseLine(line, { file, number: i + 1, after: lines.at(-1)?.step ?? 0 }));
  }
  const isCut = rest.trim() !== '';
  if (lines.length === 0) throw invalid('it holds no whole line', file);
  return { file, lines, isCut };
}

function parseLine(
  line: string,
  { file, number, after }: { readonly file: string; readonly number: number; readonly after: number },
): LogLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalid('the line is not JSON', `${file}:${number}`, cause);
  }
  const parsed = parseLogLine(value);
  if (!parsed.ok) throw invalid(`${parsed.path || 'the line'} ${parsed.message}`, `${file}:${number}`);
  if (parsed.value.step > after) return parsed.value;
  throw invalid(`/step is ${parsed.value.step} after ${after}`, `${file}:${number}`);
}

function invalid(what: string, where: string, cause?: unknown): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give the log.jsonl that "alibi-train finetune" wrote, as it is.',
    cause,
  });
}
