import { Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js/lib/zip-core-external.js';
import type { ByteSink } from '../tables/table-writer.ts';
import { encodeRoi, type RoiOptions, roiName } from './imagej-roi.ts';
import type { Contour } from './trace-contours.ts';

/** Java refuses entries that are stored as they are and whose size comes after them. */
const stored = { level: 0, dataDescriptor: false, useWebWorkers: false } as const;

/** A ZIP archive of ImageJ ROIs, written as they come. Memory: an entry's name and place for each. */
export function createRoiArchive(sink: ByteSink, options: RoiOptions) {
  const archive = new ZipWriter(new WritableStream<Uint8Array>({ write: (bytes) => sink(bytes) }));
  return {
    async add(contour: Contour): Promise<void> {
      const bytes = encodeRoi(contour, options);
      await archive.add(`${roiName(contour, options)}.roi`, new Uint8ArrayReader(bytes), stored);
    },
    async finish(): Promise<void> {
      await archive.close();
    },
  };
}
