import { join } from 'node:path';
import type { Axis, LazyArray } from '../array/lazy-array.ts';
import { transposed } from '../array/transposed.ts';
import type { GroupPath } from '../labels/group-metadata.ts';
import type { MaterializeInput } from '../labels/materialize.ts';
import { createProvenance } from '../labels/provenance.ts';
import { onlySlices } from '../labels/slices.ts';
import type { Io } from './io.ts';
import type { Work } from './open-work.ts';
import type { SaveTarget } from './save-target.ts';
import type { Scored } from './segment-image.ts';
import { featureOrder } from './write-features.ts';
import { writeImage } from './write-image.ts';

/**
 * Write `OUT/probabilities/NAME` beside `OUT/labels/NAME`: an OME-Zarr image, uint8, one channel a class, 0 to 255 for
 * 0 to 1, on the pixels the classifier worked on.
 */
export async function writeProbabilities(
  work: Work,
  request: Pick<SaveTarget, 'to' | 'location' | 'folder'> & {
    readonly name: string;
    readonly scored: Scored;
    readonly provenance: MaterializeInput['provenance'];
    readonly overwrite: boolean;
  },
  io: Io,
) {
  const { image, slices } = work;
  const { to, location, folder, name, scored } = request;
  const bytes = asBytes(onlySlices(scored.scores, slices));
  const order = featureOrder(
    bytes,
    image.axes.map((axis) => axis.name),
  );
  const values = transposed(bytes, order);
  const axes = values.axes.map(
    (axis): Axis => image.axes.find((known) => known.name === axis.name) ?? { name: 'c', type: 'channel' },
  );
  const trimmed = to.targetPath.replace(/^\/+|\/+$/g, '');
  const root: GroupPath = trimmed === '' ? '' : `/${trimmed}`;
  const path: GroupPath = `${root}/probabilities/${name}`;
  const { format, ...facts } = createProvenance(request.provenance, image);
  const counts = await writeImage(
    {
      store: to.target,
      path,
      ...(folder === undefined ? {} : { folder: join(folder, 'probabilities', name) }),
      location: `${location}/probabilities/${name}`,
      zarrFormat: image.zarrFormat,
      name: `${name} probabilities`,
      values: { ...values, axes },
      method: 'alibi-zarr segment --probabilities',
      provenance: { ...facts, format: 'alibi-zarr/probabilities/1', labels: String(format) },
      omero: {
        channels: scored.classes.map(({ name: label, color }) => ({
          label,
          color: color.slice(0, 6),
          active: true,
          window: { min: 0, max: 255, start: 0, end: 255 },
        })),
      },
      what: 'probabilities',
      overwrite: request.overwrite,
    },
    io,
  );
  return { location: `${location}/probabilities/${name}`, ...counts };
}

/** Probabilities as 0 to 255. */
function asBytes(scores: LazyArray<'float32'>): LazyArray<'uint8'> {
  const { axes, shape, fillValue, transform, revision } = scores;
  return {
    axes,
    shape,
    chunkShape: scores.chunkShape,
    dtype: 'uint8',
    fillValue,
    transform,
    revision,
    getChunk: async (index, options) => {
      const chunk = await scores.getChunk(index, options);
      return { data: Uint8Array.from(chunk.data, (value) => Math.round(255 * value)), shape: chunk.shape };
    },
  };
}
