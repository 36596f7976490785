import type { Prompt } from '../session-similarity.ts';
import type { Workspace } from './contexts.ts';

/** Point at these places of what is looked for, and of what is not, and no others. The session tells of failures itself. */
export function pointAt({ session, display }: Workspace, prompts: readonly Prompt[]): void {
  const { detail } = display.state;
  session.similarity.point(prompts, detail === null ? {} : { level: detail }).catch(() => undefined);
}
