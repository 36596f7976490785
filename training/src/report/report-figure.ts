import type { Content } from './markup.ts';

/** One figure of the report, drawn or not. */
export interface ReportFigure {
  /** Anchor in the page: `figure-2`. */
  readonly id: string;
  /** "Figure 2", as the paper counts, or what else the part is called. */
  readonly name: string;
  readonly title: string;
  /** What it shows and how to read it. */
  readonly reading: string;
  /** Drawings and tables, in groups of one set of images and settings each; empty where nothing was run. */
  readonly groups: readonly FigureGroup[];
  /** The command that makes what it is drawn from. */
  readonly run: string;
}

export interface FigureGroup {
  readonly settings: string;
  readonly content: Content;
  /** What made the numbers. */
  readonly commands: readonly string[];
}
