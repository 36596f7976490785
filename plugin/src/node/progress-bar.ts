import type { Progress } from '../pipeline/pipeline.ts';
import type { Io } from './io.ts';

const widthCells = 24;
/** Redrawn at most this often. */
const intervalMs = 100;

/** A bar for one piece of work on a terminal's stderr; nothing elsewhere. */
export function progressBar(io: Io, title: string) {
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    update({ done, total, etaMs, bytes }: Progress): void {
      const nowMs = performance.now();
      if (io.status === undefined || (nowMs - drawnMs < intervalMs && done < total)) return;
      drawnMs = nowMs;
      const filled = total === 0 ? widthCells : Math.round((done / total) * widthCells);
      const bar = '█'.repeat(filled) + '░'.repeat(widthCells - filled);
      const rest = etaMs === undefined || done >= total ? '' : `, ${duration(etaMs)} left`;
      const stored = bytes === undefined ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`;
      io.status(`${title} ${bar} ${done}/${total}${stored}${rest}`);
    },
    /** A stage of unknown length. */
    say(text: string): void {
      io.status?.(`${title}: ${text}`);
    },
    end(): void {
      io.status?.('');
    },
  };
}

/** Such as `8 s`, `3 min`, `1 h 20 min`. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
