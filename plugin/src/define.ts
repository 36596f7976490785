import { openSession } from './session.ts';
import { defineElements } from './ui/elements.ts';
import { AlibiZarrViewer } from './ui/viewer-element.ts';

AlibiZarrViewer.opener ??= openSession;
defineElements();

// For TypeScript: with it come the elements' names in `HTMLElementTagNameMap`.
export { defineElements };
