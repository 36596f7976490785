import { elementCount, type LabelType, type LazyArray } from './array/lazy-array.ts';
import type { WorkOptions } from './array/progress.ts';
import { spacingOf } from './array/spacing.ts';
import { withAxes } from './array/with-axes.ts';
import { AlibiError } from './errors.ts';
import { publicLocation } from './labels/provenance.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { InstancesFacts, ObjectsEngine } from './pipeline/objects.ts';
import { scaleAlong } from './segment/feature-source.ts';
import { completeRecipe, defaultDims, type InstanceChoice } from './segment/instances/complete-recipe.ts';
import { tableColumns } from './segment/measure/columns.ts';
import { csvHeader, csvLines } from './segment/tables/csv.ts';
import { createMemoryTable, type MemoryTable } from './segment/tables/memory-table.ts';
import { createParquetTable } from './segment/tables/parquet.ts';
import { holdsLabels } from './session-layers.ts';
import type { Layer } from './session-types.ts';
import type { WorkList } from './session-work.ts';

export type TableFormat = 'csv' | 'parquet' | 'geojson';

/** Objects of label layers: found, measured, written out. */
export interface SessionObjects {
  /**
   * Turn labels into instances, a layer that can be saved.
   *
   * @throws AlibiError InvalidInput  a recipe that is no good, an outdated segmentation, or labels that are too large for a
   *                                  browser: the remedy names the command line that does it
   */
  find(layer: Layer, choice: InstanceChoice & { readonly signal?: AbortSignal }): Promise<Layer>;
  /**
   * Measure every object of a label layer, with the intensities of the image's level of that size, where there is one.
   *
   * @throws AlibiError InvalidInput  as `find`, or more objects than a table in memory holds
   */
  measure(
    layer: Layer,
    options?: { readonly dims?: 2 | 3; readonly signal?: AbortSignal },
  ): Promise<MemoryTable>;
  /** The table of a layer, if it was measured and has not been edited since; null otherwise. */
  tableOf(layer: Layer): MemoryTable | null;
  /** How a layer of instances was made; null for other layers. */
  factsOf(layer: Layer): InstancesFacts | null;
  /** Why the objects of a layer are not for a browser, with what does it instead; null where they are. */
  tooLarge(layer: Layer): { readonly what: string; readonly commands: readonly string[] } | null;
  /** The table, or the outlines as GeoJSON, as a file. Tables take what {@link measure} found. */
  write(layer: Layer, format: TableFormat, options?: { readonly signal?: AbortSignal }): Promise<Blob>;
}

export interface ObjectsContext {
  readonly engine: ObjectsEngine;
  readonly image: () => OmeImage;
  readonly works: WorkList;
  /** The ids of a layer at full resolution, in the axes t?, z?, y, x. */
  readonly labelsOf: (layer: Layer) => Promise<LazyArray>;
  readonly addLayer: (parts: Omit<Layer, 'id' | 'derived' | 'outdated'>) => Layer;
  readonly changed: () => void;
}

/** Elements a page looks at: half an hour of labels at a megapixel a second on a slow machine, a minute on a quick one. */
const elementLimit = 2 ** 30;

interface Found {
  readonly facts: InstancesFacts;
  readonly labels: LazyArray<'uint32'>;
  /** Kind of the layer it was made of. */
  readonly of: Layer['kind'];
}

interface Measured {
  readonly table: MemoryTable;
  readonly pixels: LazyArray;
  readonly revision: number;
}

export class Objects implements SessionObjects {
  readonly #context: ObjectsContext;
  readonly #found = new Map<string, Found>();
  readonly #measured = new Map<string, Measured>();

  constructor(context: ObjectsContext) {
    this.#context = context;
  }

  async find(
    layer: Layer,
    { signal, ...choice }: InstanceChoice & { readonly signal?: AbortSignal },
  ): Promise<Layer> {
    return this.#context.works.run('Finding objects', signal, async (work) => {
      this.#assertFit(layer);
      assertUnedited(layer);
      const labels = await this.#context.labelsOf(layer);
      const recipe = completeRecipe(labels, choice);
      const source = {
        labels: layer.name,
        kind: layer.kind,
        fit: layer.fit?.id ?? null,
        recipe: { ...recipe },
      };
      const { fit, levels } = await this.#context.engine.find(labels, recipe, { source, ...work });
      work.signal.throwIfAborted();
      const made = this.#context.addLayer({
        name:
          choice.only === undefined ? `Objects of ${layer.name}` : `Objects: ${nameOf(layer, choice.only)}`,
        kind: 'instances',
        levels: levels.map((pixels) => ({ pixels, imageLevel: layer.levels[0]?.imageLevel ?? 0 })),
        fit: { kind: fit.kind, id: fit.id, source: fit.source },
        colors: new Map(),
        names: new Map(),
      });
      this.#found.set(made.id, { facts: fit, labels: levels[0]!, of: layer.kind });
      return made;
    });
  }

  async measure(
    layer: Layer,
    { dims, signal }: { readonly dims?: 2 | 3; readonly signal?: AbortSignal } = {},
  ): Promise<MemoryTable> {
    return this.#context.works.run('Measuring objects', signal, async (work) => {
      this.#assertFit(layer);
      const labels = await this.#context.labelsOf(layer);
      const { revision } = labels;
      const image = this.#context.image();
      const pixels = image.pixels.find((level) => sizeOf(level) === sizeOf(labels));
      const channels =
        pixels === undefined ? [] : image.channels.map(({ label }, index) => ({ index, label }));
      const shape = {
        dims: dims ?? this.factsOf(layer)?.recipe.dims ?? defaultDims(labels),
        channels,
        ...(pixels === undefined ? {} : { pixels }),
      };
      const { unit } = spacingOf(labels);
      const columns = tableColumns({
        dims: shape.dims,
        hasTime: labels.axes.some(({ name }) => name === 't'),
        hasSlices: shape.dims === 2 && along(labels, 'z') > 1,
        unit,
        channels,
      });
      const table = createMemoryTable(columns, { unit });
      const full = new AbortController();
      await this.#context.engine.measure(
        { labels, ...shape },
        {
          onProgress: work.onProgress,
          signal: AbortSignal.any([work.signal, full.signal]),
          // Thrown where the batch arrives it would be nobody's: it ends the measuring instead.
          onBatch: (batch) => {
            try {
              if (!full.signal.aborted) table.add(batch);
            } catch (error) {
              full.abort(error);
            }
          },
        },
      );
      full.signal.throwIfAborted();
      const finished = table.finish();
      this.#measured.set(layer.id, { table: finished, pixels: layer.levels[0]!.pixels, revision });
      this.#context.changed();
      return finished;
    });
  }

  tableOf(layer: Layer): MemoryTable | null {
    const measured = this.#measured.get(layer.id);
    return measured !== undefined && measured.pixels.revision === measured.revision ? measured.table : null;
  }

  factsOf(layer: Layer): InstancesFacts | null {
    return this.#found.get(layer.id)?.facts ?? null;
  }

  tooLarge(layer: Layer): { readonly what: string; readonly commands: readonly string[] } | null {
    const image = this.#context.image();
    const size = layer.kind === 'label' ? layer.levels[0]?.pixels : image.pixels[0];
    if (size === undefined) return null;
    const elements = elementCount(['t', 'z', 'y', 'x'].map((name) => along(size, name)));
    if (elements <= elementLimit) return null;
    const store = JSON.stringify(publicLocation(image.location));
    const name = layer.kind === 'label' ? JSON.stringify(layer.name) : 'NAME';
    return {
      what: `${(elements / 1e9).toFixed(1)} billion pixels are more than a page can go through`,
      commands: [
        `alibi-zarr instances ${store} --labels ${name} --name objects`,
        `alibi-zarr measure ${store} --labels objects --out objects.csv --contours objects.geojson`,
      ],
    };
  }

  async write(
    layer: Layer,
    format: TableFormat,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Blob> {
    if (format === 'geojson') return this.#writeContours(layer, signal);
    const table = this.tableOf(layer) ?? (await this.measure(layer, signal === undefined ? {} : { signal }));
    return format === 'csv' ? csvFile(table) : parquetFile(table);
  }

  /** The largest id of a layer: known of what was made here, looked for in labels of a file. */
  async largestId(layer: Layer, labels: LazyArray, work: WorkOptions): Promise<number> {
    const found = this.#found.get(layer.id);
    if (found !== undefined) return found.facts.count;
    if (layer.kind !== 'label') return Math.max(0, ...layer.names.keys());
    this.#assertFit(layer);
    return Number(await this.#context.engine.largestId(labels, work));
  }

  /** The ids of a layer of instances, with how they were made. */
  savable(layer: Layer): { readonly labels: LazyArray<LabelType>; readonly maxId: number } | null {
    const found = this.#found.get(layer.id);
    return found === undefined ? null : { labels: found.labels, maxId: found.facts.count };
  }

  /** Whether a layer's objects are those of a segmentation by strokes. */
  isOfClasses(layer: Layer): boolean {
    return this.#found.get(layer.id)?.of === 'classes';
  }

  forget(layerId: string): void {
    this.#found.delete(layerId);
    this.#measured.delete(layerId);
  }

  close(): void {
    this.#context.engine.close();
  }

  async #writeContours(layer: Layer, caller: AbortSignal | undefined): Promise<Blob> {
    return this.#context.works.run('Tracing outlines', caller, async (work) => {
      this.#assertFit(layer);
      const labels = await this.#context.labelsOf(layer);
      const finest = this.#context.image().pixels[0]!;
      const pieces: Blob[] = [];
      await this.#context.engine.contours(labels, {
        ...work,
        pixelSize: [pixelRatio(finest, labels, 'x'), pixelRatio(finest, labels, 'y')],
        names: layer.names,
        // A browser may put blobs on the disk; a string it may not.
        onText: (text) => void pieces.push(new Blob([text])),
      });
      return new Blob(pieces, { type: 'application/geo+json' });
    });
  }

  #assertFit(layer: Layer): void {
    if (!holdsLabels(layer)) {
      throw new AlibiError('InvalidInput', {
        what: `the layer "${layer.name}" holds no labels`,
        where: 'objects',
        remedy: 'Choose a segmentation, clusters or labels.',
      });
    }
    if (layer.outdated) {
      throw new AlibiError('InvalidInput', {
        what: `the layer "${layer.name}" is of strokes that have changed since`,
        where: 'objects',
        remedy: 'Wait for the next segmentation, then find the objects again.',
      });
    }
    const large = this.tooLarge(layer);
    if (large === null) return;
    throw new AlibiError('InvalidInput', {
      what: large.what,
      where: 'objects',
      remedy: `Save the labels and use the command line: ${large.commands.join(' && ')}`,
    });
  }
}

/** The chunks of objects are made anew from the labels whenever they are drawn: those must not change beneath them. */
function assertUnedited(layer: Layer): void {
  if (layer.kind !== 'edited') return;
  throw new AlibiError('InvalidInput', {
    what: `the layer "${layer.name}" is being edited`,
    where: 'objects',
    remedy: 'Save it, open what was saved, and find the objects in that.',
  });
}

function nameOf(layer: Layer, id: string): string {
  return layer.names.get(Number(id)) ?? `id ${id}`;
}

function along(array: Pick<LazyArray, 'axes' | 'shape'>, name: string): number {
  return array.shape[array.axes.findIndex((axis) => axis.name === name)] ?? 1;
}

function sizeOf(array: LazyArray): string {
  return ['t', 'z', 'y', 'x'].map((name) => along(array, name)).join('×');
}

/** Pixels of the finest level a pixel of the labels, along an axis. */
export function pixelRatio(finest: LazyArray, labels: LazyArray, name: string): number {
  const bySize = along(finest, name) / along(labels, name);
  const byScale = scaleAlong(labels, name) / scaleAlong(finest, name);
  // Scales are missing from some files; sizes are rounded in all of them.
  const ratio = Math.abs(byScale / bySize - 1) < 0.1 ? byScale : bySize;
  return Math.abs(ratio - Math.round(ratio)) < 0.01 ? Math.round(ratio) : ratio;
}

function csvFile({ columns, unit, batches }: MemoryTable): Blob {
  const pieces = [new Blob([`${csvHeader(columns)}\n`])];
  for (const batch of batches()) {
    const lines = csvLines(columns, unit, batch);
    if (lines.length > 0) pieces.push(new Blob([`${lines.join('\n')}\n`]));
  }
  return new Blob(pieces, { type: 'text/csv' });
}

async function parquetFile({ columns, batches }: MemoryTable): Promise<Blob> {
  const pieces: Blob[] = [];
  const writer = createParquetTable(columns, async (bytes) => {
    pieces.push(new Blob([bytes.slice()]));
  });
  for (const batch of batches()) await writer.write(batch);
  await writer.finish();
  return new Blob(pieces, { type: 'application/vnd.apache.parquet' });
}

/** Ids in the axes t?, z?, y, x, as everything about objects takes them. */
export function canonicalLabels(labels: LazyArray): LazyArray {
  const axes = ['t', 'z', 'y', 'x'].filter((name) => labels.axes.some((axis) => axis.name === name));
  return withAxes(labels, axes);
}
