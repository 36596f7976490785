import type { LazyArray } from '../array/lazy-array.ts';
import { axisIndex } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { OmeLabel } from '../ome/open-label.ts';
import {
  type GeoJsonOptions,
  geoJsonEnd,
  geoJsonFeature,
  geoJsonStart,
} from '../segment/contours/geojson.ts';
import { createRoiArchive } from '../segment/contours/roi-archive.ts';
import { type Contour, traceContours } from '../segment/contours/trace-contours.ts';
import { type FileSink, openFileSink } from './file-sink.ts';
import type { Io } from './io.ts';
import { nameIn } from './open-labels.ts';
import { progressBar } from './progress-bar.ts';

export type ContourFormat = 'geojson' | 'imagej';

export interface ContourRequest {
  readonly path: string;
  readonly overwrite: boolean;
  readonly image: OmeImage;
  readonly label: OmeLabel;
  /** The label image's pixels. */
  readonly labels: LazyArray;
}

/** @throws AlibiError InvalidInput  another ending */
export function contourFormat(path: string): ContourFormat {
  if (/\.(geo)?json$/i.test(path)) return 'geojson';
  if (/\.zip$/i.test(path)) return 'imagej';
  throw new AlibiError('InvalidInput', {
    what: '--contours names no file of contours',
    where: path,
    remedy: 'End the name with .geojson (QuPath) or .zip (ImageJ).',
  });
}

/**
 * Write the outlines of all objects, as GeoJSON or as a ZIP archive of ImageJ ROIs.
 *
 * @returns  number of outlines: objects times the slices they are in
 */
export async function writeContours(request: ContourRequest, io: Io): Promise<number> {
  const format = contourFormat(request.path);
  const file = await openFileSink(request.path, request);
  try {
    const bar = progressBar(io, 'Tracing contours');
    const contours = traceContours(request.labels, {
      signal: io.signal,
      onProgress: (progress) => bar.update(progress),
    });
    const count = await (format === 'geojson' ? writeGeoJson : writeRois)(contours, request, file);
    await file.finish();
    bar.end();
    return count;
  } finally {
    await file.abandon();
  }
}

async function writeGeoJson(
  contours: AsyncIterable<Contour>,
  request: ContourRequest,
  file: FileSink,
): Promise<number> {
  const options: GeoJsonOptions = {
    pixelSize: pixelSizeOf(request),
    classOf: (id) => classOf(request.label, id),
  };
  let count = 0;
  await file.write(geoJsonStart);
  for await (const contour of contours) {
    await file.write(`${count++ === 0 ? '' : ','}\n${geoJsonFeature(contour, options)}`);
  }
  await file.write(`\n${geoJsonEnd}\n`);
  return count;
}

async function writeRois(
  contours: AsyncIterable<Contour>,
  request: ContourRequest,
  file: FileSink,
): Promise<number> {
  const { labels } = request;
  const isStack = ['z', 't'].some((name) => (labels.shape[axisIndex(labels.axes, name)] ?? 1) > 1);
  const archive = createRoiArchive((bytes) => file.write(bytes), {
    pixelSize: pixelSizeOf(request),
    isStack,
  });
  let count = 0;
  for await (const contour of contours) {
    await archive.add(contour);
    count++;
  }
  await archive.finish();
  return count;
}

/** A pixel of the labels in pixels of the image's finest level. */
function pixelSizeOf({ image, labels }: ContourRequest): [x: number, y: number] {
  const along = (name: string): number => {
    const finest = image.pixels[0]!;
    const ratio = finest.shape[axisIndex(finest.axes, name)]! / labels.shape[axisIndex(labels.axes, name)]!;
    // Sizes of levels are rounded: 1001 pixels over 501 are pixels of 2.
    return Math.abs(ratio - Math.round(ratio)) < 0.01 ? Math.round(ratio) : ratio;
  };
  return [along('x'), along('y')];
}

function classOf(label: OmeLabel, id: number | bigint) {
  const name = nameIn(label.properties.get(id) ?? {});
  if (name === undefined) return undefined;
  const color = label.colors.get(id)?.slice(0, 3);
  return { name, ...(color === undefined ? {} : { color }) };
}
