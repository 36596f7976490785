import { type KeptStrokes, parseKeptStrokes } from 'alibi-zarr-schemas';
import { AlibiError } from './errors.ts';
import { readScribblesGeojson, type ScribbleCanvas } from './segment/scribbles/read-geojson.ts';
import { writeScribblesGeojson } from './segment/scribbles/write-geojson.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import type { SessionReview, Slice } from './session-review.ts';

/** As many bytes as one file of kept strokes may have. */
export const keptByteLimit = 32 * 2 ** 20;

/** As `kept-strokes.schema.json` has it. */
const classLimit = 1000;

/** What a person painted, classes and strokes as they were, and slices found right. */
export interface Painted {
  readonly classes: readonly ClassSpec[];
  readonly strokes: readonly Omit<Stroke, 'id'>[];
  readonly reviewed: readonly Slice[];
}

/** What was kept of an image. */
export interface ReadKept extends Painted {
  /** When, in milliseconds since 1970. */
  readonly savedMs: number;
}

/**
 * What was painted as the file that keeps it: `schemas/src/kept-strokes.schema.json`.
 *
 * @param nowMs  milliseconds since 1970
 * @throws AlibiError InvalidInput  it is more than a file may hold
 */
export function writeKept(
  { classes, strokes, reviewed }: Omit<Painted, 'strokes'> & { readonly strokes: readonly Stroke[] },
  nowMs: number,
): Uint8Array<ArrayBuffer> {
  const numbered = classes.map((spec, index) => ({ ...spec, name: String(index + 1) }));
  const kept: KeptStrokes = {
    format: 'alibi-zarr/kept-strokes/1',
    saved: new Date(nowMs).toISOString(),
    classes: classes.map(({ name, color }) => ({ name, color })),
    scribbles: writeScribblesGeojson(strokes, numbered),
    ...(reviewed.length === 0 ? {} : { reviewed: reviewed.map(({ z, t }) => ({ z, t })) }),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(kept));
  if (bytes.length <= keptByteLimit && classes.length <= classLimit) return bytes;
  throw new AlibiError('InvalidInput', {
    what:
      classes.length > classLimit
        ? `there are ${classes.length} classes, and strokes of ${classLimit} are kept at most`
        : `the strokes take ${Math.ceil(bytes.length / 2 ** 20)} MiB, and ${keptByteLimit / 2 ** 20} MiB are kept at most`,
    where: "the browser's storage",
    remedy: 'Download them as GeoJSON to keep them.',
  });
}

/**
 * Strokes of a file of the browser's storage, which anything on the site may have written.
 *
 * @param canvas  of the image that it is offered for
 * @throws AlibiError InvalidInput  it is none, or nothing in it lies on the image
 */
export function readKept(bytes: Uint8Array, canvas: ScribbleCanvas, where: string): ReadKept {
  const parsed = parseKeptStrokes(jsonOf(bytes, where));
  if (!parsed.ok) throw refuse(`${parsed.path || '/'} ${parsed.message}`, where);
  const { classes, saved, scribbles, reviewed: marked = [] } = parsed.value;
  const savedMs = Date.parse(saved);
  if (Number.isNaN(savedMs)) throw refuse(`${saved} is no time`, where);
  const { strokes } = readScribblesGeojson(scribbles, { canvas, radiusPx: 1, where });
  const reviewed = marked.filter(({ z, t }) => z < canvas.depth && t < canvas.times);
  if (strokes.length === 0 && reviewed.length === 0) throw refuse('nothing in it can be used', where);
  const numbers = new Map(classes.map((_, index) => [String(index + 1), index]));
  return {
    savedMs,
    classes,
    reviewed,
    strokes: strokes.map(({ className, ...stroke }) => {
      const classIndex = className === null ? null : numbers.get(className);
      if (classIndex === undefined)
        throw refuse(`a stroke is of class ${className}, which is not there`, where);
      return { ...stroke, classIndex };
    }),
  };
}

/** What of a session kept strokes are put into. */
export interface KeptTarget {
  readonly classes: readonly ClassSpec[];
  addClass(spec: ClassSpec): number;
  readonly scribbles: { add(strokes: readonly Omit<Stroke, 'id'>[]): void };
  readonly review: Pick<SessionReview, 'set'>;
}

/** Add what was kept: classes of the same name are taken for the same, strokes come as one step for undo. */
export function addKept(target: KeptTarget, { classes, strokes, reviewed }: Painted): void {
  for (const slice of reviewed) target.review.set(slice, true);
  const taken = new Set<number>();
  const positions = classes.map((spec) => {
    const known = target.classes.findIndex(({ name }, index) => name === spec.name && !taken.has(index));
    const index = known === -1 ? target.addClass({ ...spec }) : known;
    taken.add(index);
    return index;
  });
  target.scribbles.add(
    strokes.map((stroke) => ({
      ...stroke,
      classIndex: stroke.classIndex === null ? null : positions[stroke.classIndex]!,
    })),
  );
}

function jsonOf(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse('it is no JSON', where, cause);
  }
}

function refuse(why: string, where: string, cause?: unknown): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `the strokes that were kept of this image cannot be read: ${why}`,
    where,
    remedy: 'Discard them; the image and what you paint now are not affected.',
    ...(cause === undefined ? {} : { cause }),
  });
}
