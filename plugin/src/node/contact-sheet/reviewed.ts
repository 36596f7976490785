import { resolve } from 'node:path';
import { publicLocation } from '../../labels/provenance.ts';
import type { Slice } from '../../session-review.ts';
import { beside, openProject } from '../classify.ts';

/** Whether a slice of the image at a location was reviewed. */
export type IsReviewed = (location: string, slice: Slice) => boolean;

/**
 * What a project says of slices that were reviewed.
 *
 * @throws AlibiError InvalidInput  it is no project
 */
export async function openReviewed(path: string): Promise<IsReviewed> {
  const { project } = await openProject(path);
  const reviewed = new Map(
    project.images.map(({ source, reviewed: slices = false }) => [placeOf(beside(path, source)), slices]),
  );
  return (location, { z, t }) => {
    const slices = reviewed.get(placeOf(location)) ?? false;
    return typeof slices === 'boolean' ? slices : slices.some((slice) => slice.z === z && slice.t === t);
  };
}

/** The same text for the same place, however it was named. */
function placeOf(location: string): string {
  const bare = location.replace(/[/\\]+$/, '');
  return /^https?:/i.test(bare) ? publicLocation(bare) : resolve(bare);
}
