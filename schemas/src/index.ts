export * from './generated/parsers.ts';
export type * from './generated/types.ts';
export type { Parsed } from './parsed.ts';
