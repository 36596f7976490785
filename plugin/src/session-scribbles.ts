import type { ScribblesGeojson } from 'alibi-zarr-schemas';
import { axisIndex } from './array/lazy-array.ts';
import { AlibiError, asAlibiError } from './errors.ts';
import type { MaterializeInput } from './labels/materialize.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openLabel } from './ome/open-label.ts';
import { labelsOfImage } from './pipeline/labels-of-image.ts';
import { pixelGrid } from './pipeline/pixel-grid.ts';
import { type FillPlace, fillArea } from './segment/fill-area.ts';
import { interpolateStrokes } from './segment/interpolate-strokes.ts';
import { paintedClass } from './segment/painted-window.ts';
import { paintedAreas } from './segment/scribbles/painted-areas.ts';
import { paintedLabels } from './segment/scribbles/painted-labels.ts';
import { type LeftOut, readScribblesGeojson, type ScribbleCanvas } from './segment/scribbles/read-geojson.ts';
import { writeScribblesGeojson } from './segment/scribbles/write-geojson.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import { formatHexColor, paletteColor } from './session-colors.ts';
import { labelNames } from './session-image.ts';
import type { Painting } from './session-painting.ts';
import type { SaveOptions, SaveResult, SaveTarget } from './session-types.ts';
import type { Task } from './session-work.ts';

/** What of a session scribbles need. */
export interface ScribblesHost {
  readonly image: () => OmeImage;
  readonly painting: Painting;
  /** Tell of a failure. */
  readonly failed: (error: AlibiError) => void;
  /** List work while it runs. */
  readonly run: <T>(title: string, signal: AbortSignal | undefined, task: Task<T>) => Promise<T>;
  readonly save: (
    options: SaveOptions,
    input: (target: SaveTarget) => Promise<MaterializeInput>,
  ) => Promise<SaveResult>;
}

/** What an import brought. */
export interface ImportedScribbles {
  /** Strokes added, as one step for undo. */
  readonly strokes: number;
  /** Names of classes that were not there before. */
  readonly newClasses: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** Lines without a width of their own. */
const defaultRadiusPx = 1;

/** Everything one does with strokes beyond painting them one by one; undo and redo are the session's. */
export class Scribbles {
  readonly #host: ScribblesHost;

  constructor(host: ScribblesHost) {
    this.#host = host;
  }

  /**
   * Paint the contiguous area around a place that is painted alike, as napari's fill does: one class, or what strokes and the
   * image's border enclose.
   *
   * @param options.classIndex  null erases it
   * @throws AlibiError InvalidInput  nothing encloses the place
   */
  fill({ classIndex, ...at }: FillPlace & { readonly classIndex: number | null }): void {
    this.#telling('fill', () => {
      const { painting } = this.#host;
      const rings = fillArea(painting.strokes, at, canvasOf(this.#host.image()));
      painting.add({ classIndex, radiusPx: defaultRadiusPx, points: [], rings, z: at.z, t: at.t });
    });
  }

  /** Add strokes of the classes that are there, as one step for undo. */
  add(strokes: readonly Omit<Stroke, 'id'>[]): void {
    this.#host.painting.addAll(strokes);
  }

  /** Class painted at a place in pixels of the finest level; null where nobody painted. */
  classAt(at: FillPlace): number | null {
    return paintedClass(this.#host.painting.strokes, at);
  }

  /**
   * Fill the slices between those where a class is painted, as one step for undo.
   *
   * @returns  slices filled
   */
  interpolate(options: { readonly classIndex: number; readonly t: number }): number {
    const { painting } = this.#host;
    const strokes = interpolateStrokes(painting.strokes, options, canvasOf(this.#host.image()));
    painting.addAll(strokes);
    return strokes.length;
  }

  /** All strokes as GeoJSON, in pixels of the finest level; QuPath opens it. */
  toGeojson(): ScribblesGeojson {
    const { strokes, classes } = this.#host.painting;
    return writeScribblesGeojson(strokes, classes);
  }

  /**
   * Add the strokes of a parsed GeoJSON file. Classes are matched by name; new ones are added.
   *
   * @param options.radiusPx  of lines that have no width of their own; default 1
   * @throws AlibiError InvalidInput  it is no GeoJSON, or nothing in it can be used
   */
  addGeojson(
    value: unknown,
    { where, radiusPx = defaultRadiusPx }: { readonly where: string; readonly radiusPx?: number },
  ): ImportedScribbles {
    return this.#telling(where, () => {
      const canvas = canvasOf(this.#host.image());
      const { strokes, classes, leftOut } = readScribblesGeojson(value, { canvas, radiusPx, where });
      if (strokes.length === 0) throw nothingIn(where, leftOut);
      const { painting } = this.#host;
      const before = painting.classes.length;
      const indexOf = new Map<string | null, number | null>([[null, null]]);
      for (const { name, color } of classes) indexOf.set(name, this.#classNamed(name, color));
      painting.addAll(
        strokes.map(({ className, ...stroke }) => ({
          ...stroke,
          classIndex: indexOf.get(className) ?? null,
        })),
      );
      const newClasses = painting.classes.slice(before).map(({ name }) => name);
      return { strokes: strokes.length, newClasses, leftOut };
    });
  }

  /**
   * Add what is painted in a label image of the image. A class with a name is matched by it, else by its number.
   *
   * @throws AlibiError NotFound      no such label image
   * @throws AlibiError InvalidInput  another size, or no scribbles
   */
  addLabels(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<ImportedScribbles> {
    return this.#host.run(`Reading scribbles from labels/${name}`, options.signal, async (work) => {
      const image = this.#host.image();
      const where = `labels/${name}`;
      const label = await openLabel(image, name, { signal: work.signal });
      const ids = labelsOfImage(label.pyramid[0], image, { where, name: 'the import' });
      const areas = await paintedAreas(ids, where, work);
      if (areas.length === 0) throw nothingIn(where, []);
      const { painting } = this.#host;
      const before = painting.classes.length;
      const named = labelNames(label.properties);
      const colors = new Map([...label.colors].map(([id, color]) => [Number(id), color]));
      const indexOf = new Map<number, number>();
      for (const index of [...new Set(areas.map((area) => area.classIndex!))].sort((a, b) => a - b)) {
        const text = named.get(index + 1);
        const [red = 0, green = 0, blue = 0] = colors.get(index + 1) ?? paletteColor(index + 1);
        const color = formatHexColor([red, green, blue]);
        indexOf.set(index, text === undefined ? this.#classNumber(index) : this.#classNamed(text, color));
      }
      painting.addAll(areas.map((area) => ({ ...area, classIndex: indexOf.get(area.classIndex!)! })));
      const newClasses = painting.classes.slice(before).map((spec) => spec.name);
      return { strokes: areas.length, newClasses, leftOut: [] };
    });
  }

  /**
   * Save all strokes as a label image: 0 where nobody painted, else the number of the class from 1. `alibi-zarr segment
   * --scribbles` reads it.
   */
  async save(options: SaveOptions): Promise<SaveResult> {
    const { image, painting } = this.#host;
    const { strokes, classes } = painting;
    return this.#host.save(options, async (target) => {
      const grid = pixelGrid(image().pixels[0]!);
      const axes = ['t', 'z', 'y', 'x'].flatMap((name) => image().axes.filter((axis) => axis.name === name));
      const { name, version, sharded, compression, overwrite = false, resume = false } = options;
      return {
        labels: paintedLabels(strokes, grid, axes),
        image: image(),
        target: target.store,
        targetPath: target.path,
        ...(target.place === undefined ? {} : { place: target.place }),
        name,
        overwrite,
        resume,
        keepReplaced: options.keepReplaced ?? false,
        ...(version === undefined ? {} : { version }),
        ...(sharded === undefined ? {} : { sharded }),
        ...(compression === undefined ? {} : { compression }),
        maxId: classes.length,
        classes: classes.map((spec, index) => ({ id: index + 1, ...spec })),
        provenance: {
          model: null,
          executionProvider: null,
          normalisation: null,
          fit: null,
          strokes,
          imageMetadataSha256: image().metadataHash,
        },
      };
    });
  }

  #classNamed(name: string, color: string | null): number {
    const { painting } = this.#host;
    const known = painting.classes.findIndex((spec) => spec.name === name);
    if (known !== -1) return known;
    return painting.addClass({ name, color: color ?? nextColor(painting.classes) });
  }

  #classNumber(index: number): number {
    const { painting } = this.#host;
    while (painting.classes.length <= index) {
      painting.addClass({
        name: `Class ${painting.classes.length + 1}`,
        color: nextColor(painting.classes),
      });
    }
    return index;
  }

  /** Failures are announced once and thrown, as those of a session's work are. */
  #telling<T>(where: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const failure = asAlibiError(error, where);
      this.#host.failed(failure);
      throw failure;
    }
  }
}

/** What strokes of an image lie on: its finest level. */
export function canvasOf({ levels, axes }: OmeImage): ScribbleCanvas {
  const along = (name: string) => levels[0]?.shape[axisIndex(axes, name)] ?? 1;
  return { widthPx: along('x'), heightPx: along('y'), depth: along('z'), times: along('t') };
}

function nextColor(classes: readonly ClassSpec[]): string {
  return formatHexColor(paletteColor(classes.length + 1));
}

function nothingIn(where: string, leftOut: readonly LeftOut[]): AlibiError {
  const [first] = leftOut;
  return new AlibiError('InvalidInput', {
    what: first === undefined ? 'nothing is painted' : `nothing in it can be used: ${first.why}`,
    where: first === undefined ? where : `${where}, feature ${first.first}`,
    remedy: 'Give scribbles of this image, each with a class.',
  });
}
