import { AlibiError } from '../errors.ts';
import type { Stroke } from '../segment/types.ts';
import type { Workspace } from './contexts.ts';
import { sizeAlong, type Tool } from './display.ts';
import { pointAt } from './prompts.ts';

/** A place in pixels of the finest level. */
export interface PixelPlace {
  readonly x: number;
  readonly y: number;
}

export interface PaintingHost {
  readonly workspace: () => Workspace | null;
  /** Screen pixels a pixel of the image. */
  readonly zoom: () => number;
  /** Class that the segmentation on show has at a place; null where there is none. */
  readonly segmentedAt: (at: PixelPlace) => number | null;
  readonly redraw: () => void;
}

/** What is being drawn: a stroke, or a polygon that has no end yet. */
export type Draft =
  | { readonly kind: 'stroke'; readonly stroke: Omit<Stroke, 'id'> }
  /** Of a class, or the region of interest. */
  | { readonly kind: 'polygon'; readonly points: readonly number[]; readonly of: number | 'region' };

/** Closer to the first corner than this on screen, a click ends a polygon. */
const closePx = 8;
/** A drag that leaves more corners than this is a lasso: letting go closes it. */
const lassoCorners = 6;
/** Corners of a lasso are this far apart on screen. */
const lassoStepPx = 4;

/** What the pointer does with each tool but moving: it ends in strokes of the session, and undo takes each back. */
export class PaintingTools {
  readonly #host: PaintingHost;
  #stroke: { readonly classIndex: number | null; readonly points: number[] } | null = null;
  #polygon: { readonly of: number | 'region'; readonly points: number[]; readonly slice: string } | null =
    null;
  #isDragging = false;
  /** Corners of the polygon before the button went down. */
  #cornersBefore = 0;
  /** The other corner of a rectangle that is being drawn. */
  #corner: PixelPlace | null = null;
  /** What picking goes back to. */
  #toolBefore: Tool = 'paint';

  constructor(host: PaintingHost) {
    this.#host = host;
  }

  get draft(): Draft | null {
    const state = this.#host.workspace()?.display.state;
    if (state === undefined) return null;
    const { brushRadiusPx, z, t, tool } = state;
    if (this.#stroke !== null)
      return { kind: 'stroke', stroke: { ...this.#stroke, radiusPx: brushRadiusPx, z, t } };
    // Another tool or slice gives a polygon up.
    const isDrawing = tool === 'polygon' || tool === 'region';
    if (!isDrawing || this.#polygon?.slice !== `${z}/${t}`) this.#polygon = null;
    const polygon = this.#polygon;
    if (polygon === null) return null;
    const points = this.#corner === null ? polygon.points : rectangle(polygon.points, this.#corner);
    return { kind: 'polygon', of: polygon.of, points };
  }

  /** The button goes down; `erase` by the right one or a pen's eraser. */
  down(at: PixelPlace, erase: boolean): void {
    const workspace = this.#host.workspace();
    if (workspace === null) return;
    const { tool, activeClass, z, t } = workspace.display.state;
    const { scribbles, classes } = workspace.session;
    const classIndex = erase || tool === 'erase' ? null : activeClass;
    if (tool === 'pick') {
      this.#pick(workspace, at);
      return;
    }
    if (tool === 'similar') {
      if (isInside(workspace, at))
        pointAt(workspace, [...workspace.session.similarity.prompts, { ...at, z, t, isLike: !erase }]);
      return;
    }
    if (tool === 'region') {
      this.#addCorner(at, erase ? null : 'region');
      return;
    }
    if (classIndex !== null && classes[classIndex] === undefined) return;
    if (tool === 'fill') tolerate(() => scribbles.fill({ ...at, z, t, classIndex }));
    else if (tool === 'polygon') this.#addCorner(at, classIndex);
    else {
      this.#stroke = { classIndex, points: [] };
      this.move(at);
    }
  }

  move(at: PixelPlace): void {
    if (this.#isDragging && this.#polygon?.of === 'region') {
      if (this.#cornersBefore === 0) this.#corner = at;
      this.#host.redraw();
      return;
    }
    const line = this.#stroke?.points ?? (this.#isDragging ? this.#polygon?.points : undefined);
    if (line === undefined) {
      this.#host.redraw();
      return;
    }
    const step = Math.hypot(at.x - (line.at(-2) ?? Number.NaN), at.y - (line.at(-1) ?? Number.NaN));
    // Closer than half a screen pixel says nothing new.
    if (step * this.#host.zoom() < (this.#stroke === null ? lassoStepPx : 0.5)) return;
    line.push(at.x, at.y);
    this.#host.redraw();
  }

  /** The button goes up; `keep` is false where a second finger made a gesture of it. */
  up(keep: boolean): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    const workspace = this.#host.workspace();
    if (keep && stroke !== null && workspace !== null && stroke.points.length > 0) {
      const { brushRadiusPx, z, t } = workspace.display.state;
      workspace.session.stroke({ ...stroke, radiusPx: brushRadiusPx, z, t });
    }
    const corner = this.#corner;
    this.#corner = null;
    if (corner !== null && this.#polygon !== null) this.#finishRectangle(this.#polygon.points, corner, keep);
    else if (this.#isDragging && this.#polygon !== null) {
      const corners = this.#polygon.points.length / 2 - this.#cornersBefore;
      if (!keep) this.#polygon.points.length = 2 * this.#cornersBefore;
      else if (corners > lassoCorners) this.finish();
    }
    this.#isDragging = false;
    this.#host.redraw();
  }

  /** Close the polygon and paint it. @returns whether there was one */
  finish(): boolean {
    const polygon = this.#polygon;
    const workspace = this.#host.workspace();
    if (polygon === null || workspace === null) return false;
    this.#polygon = null;
    const ring = withoutRepeats(polygon.points);
    if (ring.length >= 6 && polygon.of === 'region') setRegion(workspace, ring);
    else if (ring.length >= 6 && polygon.of !== 'region') {
      const { z, t } = workspace.display.state;
      workspace.session.stroke({
        classIndex: polygon.of,
        radiusPx: 1,
        points: [],
        rings: [ring],
        z,
        t,
      });
    }
    this.#host.redraw();
    return true;
  }

  /** Take the polygon's last corner back. @returns whether there was one */
  removeCorner(): boolean {
    if (this.#polygon === null) return false;
    this.#polygon.points.splice(-2);
    if (this.#polygon.points.length === 0) this.#polygon = null;
    this.#host.redraw();
    return true;
  }

  /** Give the polygon up. @returns whether there was one */
  cancel(): boolean {
    if (this.#polygon === null) return false;
    this.#polygon = null;
    this.#host.redraw();
    return true;
  }

  #addCorner(at: PixelPlace, of: number | 'region' | null): void {
    if (of === null) {
      this.removeCorner();
      return;
    }
    const { z, t } = this.#host.workspace()!.display.state;
    const slice = `${z}/${t}`;
    if (this.#polygon?.slice !== slice) this.#polygon = null;
    const points = this.#polygon?.points;
    if (points !== undefined && points.length >= 6) {
      const away = Math.hypot(at.x - points[0]!, at.y - points[1]!) * this.#host.zoom();
      if (away < closePx) {
        this.finish();
        return;
      }
    }
    this.#polygon ??= { of, points: [], slice };
    this.#cornersBefore = this.#polygon.points.length / 2;
    this.#isDragging = true;
    this.#polygon.points.push(at.x, at.y);
    this.#host.redraw();
  }

  /** A drag with the region's tool is a rectangle; one of a few pixels was a click. */
  #finishRectangle(points: number[], to: PixelPlace, keep: boolean): void {
    const workspace = this.#host.workspace();
    const away = Math.hypot(to.x - points[0]!, to.y - points[1]!) * this.#host.zoom();
    if (!keep || away < closePx || workspace === null) return;
    this.#polygon = null;
    setRegion(workspace, rectangle(points, to));
  }

  #pick({ session, display }: Workspace, at: PixelPlace): void {
    const { z, t } = display.state;
    const picked = session.scribbles.classAt({ ...at, z, t }) ?? this.#host.segmentedAt(at);
    if (picked === null || session.classes[picked] === undefined) return;
    display.update({ activeClass: picked, tool: this.#toolBefore });
  }

  /** Tell of a change of tool: picking a class goes back to the one before. */
  toolChanged(tool: Tool): void {
    if (tool === 'paint' || tool === 'polygon' || tool === 'fill') this.#toolBefore = tool;
  }
}

/** Beside the image there is nothing to point at. */
function isInside({ session: { image } }: Workspace, { x, y }: PixelPlace): boolean {
  return x >= 0 && y >= 0 && x < sizeAlong(image, 'x') && y < sizeAlong(image, 'y');
}

/** Upright, between its first corner and the one across. */
function rectangle([x0 = 0, y0 = 0]: readonly number[], { x, y }: PixelPlace): number[] {
  return [x0, y0, x, y0, x, y, x0, y];
}

/** The session tells of failures itself. */
function setRegion({ session, display }: Workspace, ring: readonly number[]): void {
  display.update({ tool: 'pan' });
  session.setRegion({ kind: 'area', rings: [ring] }).catch(() => undefined);
}

/** A double click leaves its place twice. */
function withoutRepeats(points: readonly number[]): number[] {
  const ring: number[] = [];
  for (let i = 0; i < points.length; i += 2) {
    if (points[i] !== ring.at(-2) || points[i + 1] !== ring.at(-1)) ring.push(points[i]!, points[i + 1]!);
  }
  return ring;
}

/** The session tells of its failures itself; what is no failure of the family is a fault of ours. */
function tolerate(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof AlibiError)) throw error;
  }
}
