import { openSession } from './session.ts';
import { defineElements } from './ui/elements.ts';
import { AlibiZarrViewer } from './ui/viewer-element.ts';

AlibiZarrViewer.opener ??= openSession;
defineElements();
