import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { type LabelId, type OmeLabel, openLabel } from '../ome/open-label.ts';
import { type Flags, invalid } from './flags.ts';

/**
 * The label image `--labels NAME` names.
 *
 * @throws AlibiError InvalidInput  the flag is missing
 * @throws AlibiError NotFound      no such label image; those that are there are named
 */
export async function openLabelsOf(
  flags: Flags,
  image: OmeImage,
  { command, signal }: { readonly command: string; readonly signal: AbortSignal },
): Promise<OmeLabel> {
  const names = image.labels.map((label) => label.name);
  const known = labelsThere(image);
  const name = flags.text('labels');
  if (name === undefined) {
    throw invalid('--labels is missing', { name: command }, `Write --labels and a name. ${known}`);
  }
  try {
    return await openLabel(image, name, { signal });
  } catch (error) {
    // A label that is there but not listed opens; one that is not there is a slip of the pen.
    if (!(error instanceof AlibiError) || error.tag !== 'NotFound' || names.includes(name)) throw error;
    throw new AlibiError('NotFound', {
      what: `there are no labels "${name}"`,
      where: image.location,
      remedy: known,
      cause: error,
    });
  }
}

/** In a sentence. */
export function labelsThere({ labels }: Pick<OmeImage, 'labels'>): string {
  return labels.length === 0
    ? 'The image has no labels.'
    : `The image has ${labels.map(({ name }) => name).join(', ')}.`;
}

export interface NamedClass {
  readonly id: LabelId;
  readonly name?: string;
}

/**
 * The class `--class` names, by its name or its id; undefined where it is not given.
 *
 * @throws AlibiError InvalidInput  no class of that name
 */
export function classOf(flags: Flags, label: OmeLabel, command: string): NamedClass | undefined {
  const text = flags.text('class');
  if (text === undefined) return undefined;
  const named = [...label.properties].map(([id, properties]) => ({ id, name: nameIn(properties) }));
  const byName = named.find(({ name }) => name === text);
  if (byName?.name !== undefined) return { id: byName.id, name: byName.name };
  if (/^[1-9]\d*$/.test(text)) {
    const name = named.find(({ id }) => String(id) === text)?.name;
    return { id: BigInt(text), ...(name === undefined ? {} : { name }) };
  }
  const known = named.filter(({ name }) => name !== undefined).map(({ id, name }) => `${id} ${name}`);
  throw invalid(
    `--class is "${text}"`,
    { name: command },
    known.length === 0
      ? 'The labels name no classes: give an id, from 1.'
      : `The labels have ${known.slice(0, 20).join(', ')}.`,
  );
}

/** What `image-label.properties` calls an id. */
export function nameIn(properties: Readonly<Record<string, unknown>>): string | undefined {
  const name = [properties.name, properties.class].find((value) => typeof value === 'string' && value !== '');
  return typeof name === 'string' ? name : undefined;
}
