import type { TableBatch } from '../measure/columns.ts';

/** Takes the rows of a table and stores them as they come. */
export interface TableWriter {
  write(batch: TableBatch): Promise<void>;
  /** What is left, and what makes it a whole file. */
  finish(): Promise<void>;
}

/** Where the bytes of one file go, in their order. */
export type ByteSink = (bytes: Uint8Array) => Promise<void>;
