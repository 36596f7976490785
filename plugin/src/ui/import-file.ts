import { AlibiError } from '../errors.ts';
import { parseJson } from '../session-classifier.ts';
import { readProject } from '../session-project.ts';
import type { ImportedScribbles } from '../session-scribbles.ts';
import type { Workspace } from './contexts.ts';

/** Larger files are no scribbles, classifiers or projects. */
const byteLimit = 256 * 2 ** 20;

/** What was brought, in words. */
export interface ImportedFile {
  readonly title: string;
  readonly text: string;
}

/** Whether a name is that of a file {@link importFile} takes. */
export function isImportable(name: string): boolean {
  return /\.(geo)?json$/i.test(name);
}

/**
 * Take scribbles (GeoJSON), a classifier or a project into the workspace: what it is, its contents say.
 *
 * @throws AlibiError InvalidInput  it is none of them, or does not fit the image; scribbles and classifiers have been announced
 */
export async function importFile(file: File, workspace: Workspace): Promise<ImportedFile> {
  const { session, display, projects } = workspace;
  if (file.size > byteLimit) {
    throw new AlibiError('InvalidInput', {
      what: 'it is larger than 256 MiB',
      where: file.name,
      remedy: 'Give scribbles, a classifier or a project.',
    });
  }
  const text = await file.text();
  const value = parseJson(text, file.name);
  const format = formatOf(value);
  if (format.startsWith('alibi-zarr/classifier/')) {
    await session.importClassifier(text, { where: file.name });
    return { title: `Opened ${file.name}`, text: 'The image is segmented with its classifier.' };
  }
  if (format.startsWith('alibi-zarr/project/')) {
    const project = readProject(text, file.name);
    const strokes = session.openProject(project);
    projects.fileName = file.name;
    const brought =
      strokes === null
        ? 'This image is not in it; its classes are there.'
        : `${strokes} ${strokes === 1 ? 'stroke' : 'strokes'} on this image.`;
    const classifier =
      project.classifier === undefined ? '' : ` To apply its classifier, open ${project.classifier} too.`;
    return { title: `Opened ${file.name}`, text: brought + classifier };
  }
  const radiusPx = display.state.brushRadiusPx;
  return importedText(file.name, session.scribbles.addGeojson(value, { where: file.name, radiusPx }));
}

/** What an import of strokes brought, in words. */
export function importedText(
  name: string,
  { strokes, newClasses, leftOut }: ImportedScribbles,
): ImportedFile {
  const parts = [`${strokes} ${strokes === 1 ? 'stroke' : 'strokes'}`];
  if (newClasses.length > 0) parts.push(`new classes ${newClasses.join(', ')}`);
  for (const { why, count } of leftOut) parts.push(`${count} left out: ${why}`);
  return { title: `Added ${name}`, text: parts.join('; ') };
}

function formatOf(value: unknown): string {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : '';
  return typeof format === 'string' ? format : '';
}
