import { cached } from '../array/cached.ts';
import type { Json } from '../array/json.ts';
import type { DataType, LazyArray } from '../array/lazy-array.ts';
import type { WorkOptions } from '../array/progress.ts';
import { shared } from '../array/shared.ts';
import { strided } from '../array/strided.ts';
import { withAxes } from '../array/with-axes.ts';
import {
  type GeoJsonOptions,
  geoJsonEnd,
  geoJsonFeature,
  geoJsonStart,
} from '../segment/contours/geojson.ts';
import { traceContours } from '../segment/contours/trace-contours.ts';
import { fitInstances } from '../segment/instances/fit-instances.ts';
import { findLargestId } from '../segment/instances/largest-id.ts';
import { instancesLayer } from '../segment/instances/layer.ts';
import type { InstanceRecipe, WatershedRecipe } from '../segment/instances/types.ts';
import type { Column, TableBatch } from '../segment/measure/columns.ts';
import { type MeasureRequest, measureObjects } from '../segment/measure/measure.ts';

/** What is told of a fit of instances; the fit itself stays where its layer is made. */
export interface InstancesFacts {
  readonly kind: 'components' | 'watershed';
  readonly id: string;
  readonly source: Readonly<Record<string, Json>>;
  readonly recipe: InstanceRecipe | WatershedRecipe;
  /** Ids are 1 … count. */
  readonly count: number;
  /** Objects larger than the halo of a watershed: their borders may depend on the blocks. Number, and the first ids. */
  readonly unsure: { readonly count: number; readonly ids: readonly number[] };
}

export interface FoundInstances {
  readonly fit: InstancesFacts;
  /** Finest first, in the axes of the labels as t, z, y, x; the coarser ones are for the screen. */
  readonly levels: readonly LazyArray<'uint32'>[];
}

export interface ContourOptions extends WorkOptions {
  /** Pixels of the image's finest level a pixel of the labels. */
  readonly pixelSize: GeoJsonOptions['pixelSize'];
  readonly names: ReadonlyMap<number, string>;
  /** Takes the file piece by piece. */
  readonly onText: (text: string) => void;
}

/**
 * What is heavy about objects: finding, measuring and tracing them, chunk by chunk. In a worker of its own in a browser, in the
 * process in Node.
 */
export interface ObjectsEngine {
  find(
    labels: LazyArray,
    recipe: InstanceRecipe | WatershedRecipe,
    options: WorkOptions & { readonly source: Readonly<Record<string, Json>> },
  ): Promise<FoundInstances>;
  /** @returns the columns; rows come by `onBatch` */
  measure(
    request: MeasureRequest,
    options: WorkOptions & { readonly onBatch: (batch: TableBatch) => void },
  ): Promise<readonly Column[]>;
  /** The outlines as GeoJSON. @returns their number */
  contours(labels: LazyArray, options: ContourOptions): Promise<number>;
  /** Largest id there is; looks at every chunk. */
  largestId(labels: LazyArray, options: WorkOptions): Promise<number | bigint>;
  close(): void;
}

/** Chunks of labels that are read again for the next block, and blocks of objects. */
const cacheBytes = 96 * 2 ** 20;
/** Ids of objects larger than the halo that are named. */
const namedIds = 100;
/** The coarsest level for the screen is not larger than this, in pixels. */
const coarsestPx = 1024;
/** Characters of a file handed out at a time. */
const textPiece = 2 ** 18;

/** The engine in this process, or this worker. */
export function createObjectsEngine(): ObjectsEngine {
  return {
    async find(given, recipe, { source, signal, onProgress }) {
      const axes = ['t', 'z', 'y', 'x'].filter((name) => given.axes.some((axis) => axis.name === name));
      const labels = kept(withAxes(given, axes));
      const fit = await fitInstances(labels, recipe, {
        source,
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress: (_, progress) => onProgress(progress) }),
      });
      const finest = kept(instancesLayer(labels, fit, 'uint32'));
      const side = Math.max(...finest.shape.slice(-2));
      const levels = [finest];
      for (let factor = 4; side / (factor / 4) > coarsestPx; factor *= 4)
        levels.push(strided(finest, factor));
      const unsure = fit.kind === 'watershed' ? fit.unsure : new Uint32Array();
      const { kind, id, count } = fit;
      return {
        fit: {
          kind,
          id,
          count,
          source: fit.source,
          recipe,
          unsure: { count: unsure.length, ids: [...unsure.subarray(0, namedIds)] },
        },
        levels,
      };
    },

    async measure({ labels, pixels, ...request }, { onBatch, ...work }) {
      const table = measureObjects(
        { labels: kept(labels), ...(pixels === undefined ? {} : { pixels: kept(pixels) }), ...request },
        work,
      );
      for await (const batch of table.batches) onBatch(batch);
      return table.columns;
    },

    async contours(labels, { pixelSize, names, onText, ...work }) {
      const options: GeoJsonOptions = {
        pixelSize,
        classOf: (id) => {
          const name = names.get(Number(id));
          return name === undefined ? undefined : { name };
        },
      };
      let count = 0;
      let text = geoJsonStart;
      for await (const contour of traceContours(kept(labels), work)) {
        text += `${count++ === 0 ? '' : ','}\n${geoJsonFeature(contour, options)}`;
        if (text.length < textPiece) continue;
        onText(text);
        text = '';
      }
      onText(`${text}\n${geoJsonEnd}\n`);
      return count;
    },

    largestId: (labels, work) => findLargestId(labels, work),
    close() {},
  };
}

function kept<T extends DataType>(array: LazyArray<T>): LazyArray<T> {
  return cached(shared(array), { byteLimit: cacheBytes });
}
