import { duration, type Io, progressBar } from 'alibi-zarr/command-line';

const MB = 1e6;
/** Where there is no terminal, a line this often. */
const LINE_MS = 15_000;

/** Progress of files fetched one after the other, with an estimate from what this call fetched itself. */
export function pullProgress(io: Io) {
  let current:
    | { file: string; bar: ReturnType<typeof progressBar>; startMs: number; start: number }
    | undefined;
  let saidMs = performance.now();
  return {
    update(file: string, done: number, total: number | undefined): void {
      const nowMs = performance.now();
      if (current?.file !== file) {
        current = { file, bar: progressBar(io, `${file}, MB`), startMs: nowMs, start: done };
      }
      const { bar, startMs, start } = current;
      if (total === undefined) {
        bar.say(`${Math.round(done / MB)} fetched`);
        return;
      }
      const etaMs = done > start ? ((nowMs - startMs) / (done - start)) * (total - done) : undefined;
      bar.update({
        done: Math.round(done / MB),
        total: Math.round(total / MB),
        ...(etaMs === undefined ? {} : { etaMs }),
      });
      if (io.status !== undefined || nowMs - saidMs < LINE_MS) return;
      saidMs = nowMs;
      const rest = etaMs === undefined ? '' : `, ${duration(etaMs)} left`;
      io.err(`${file}: ${Math.round(done / MB)} of ${Math.round(total / MB)} MB${rest}`);
    },
    started: () => current !== undefined,
    end(): void {
      current?.bar.end();
    },
  };
}
