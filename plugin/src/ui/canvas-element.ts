import { css, html, LitElement, type PropertyValues } from 'lit';
import type { AlibiError } from '../errors.ts';
import type { SeedArea } from '../segment/cluster-seeds.ts';
import { holdsColors } from '../session-layers.ts';
import type { Layer } from '../session-types.ts';
import { type DrawLevel, pixelStretch } from '../views/deck/draw-level.ts';
import { derivedDrawLevels, imageDrawLevels, labelDrawLevels } from '../views/deck/layer-levels.ts';
import {
  type Camera,
  createScene,
  type PointValues,
  type Scene,
  type SceneOverlay,
} from '../views/deck/scene.ts';
import { type Extent, fitCamera, lookCamera, panBy, toPlane, zoomAt } from './camera.ts';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { brushRange, type LookPlace, layerKey, sizeAlong, type Tool } from './display.ts';
import { applyEdit, editBrush } from './edit-tools.ts';
import { drawMarks, marksOf } from './marks.ts';
import { ObjectColors } from './object-colors.ts';
import { rowUnder, selectObject } from './object-view.ts';
import { PaintingTools, type PixelPlace } from './painting-tools.ts';
import { listenToPointers, type ScreenPoint } from './pointer-tools.ts';
import { drawStrokes } from './stroke-overlay.ts';
import { theme } from './theme.ts';

/** What lies under the pointer; `null` when it is elsewhere. */
export interface PointerReading extends PointValues {
  /** Pixels of the finest level. */
  readonly x: number;
  readonly y: number;
}

/**
 * The picture: image, layers, strokes, and the pointer that pans, zooms and paints.
 *
 * @fires az-camera   after the camera moved; detail: Camera
 * @fires az-pointer  detail: PointerReading | null
 * @fires az-tile-error  a tile could not be loaded; detail: AlibiError
 */
export class AlibiZarrCanvas extends LitElement {
  static override styles = [
    theme,
    css`
      :host { position: relative; display: block; overflow: hidden; background: #000; touch-action: none; }
      canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
      #strokes { outline: none; touch-action: none; cursor: grab; }
      #strokes[data-tool='pan']:active { cursor: grabbing; }
      #strokes[data-tool='paint'], #strokes[data-tool='erase'] { cursor: none; }
      #strokes[data-tool='polygon'], #strokes[data-tool='pick'], #strokes[data-tool='fill'], #strokes[data-tool='region'], #strokes[data-tool='similar'] { cursor: crosshair; }
      #strokes:focus-visible:not(.pointed) { outline: 2px solid var(--az-accent); outline-offset: -2px; }
    `,
  ];

  readonly #workspace = new WorkspaceController(this);
  #scene: Scene | null = null;
  #camera: Camera | null = null;
  #isFitted = true;
  #screen: Extent = { widthPx: 0, heightPx: 0 };
  #shown: Workspace | null = null;
  #imageLevels: readonly DrawLevel[] = [];
  #layerLevels = new WeakMap<Layer['levels'], readonly DrawLevel[]>();
  #hover: ScreenPoint | null = null;
  readonly #tools = new PaintingTools({
    workspace: () => this.#workspace.workspace,
    zoom: () => 2 ** (this.#camera?.zoom ?? 0),
    segmentedAt: (at) => this.#segmentedAt(at),
    redraw: () => this.#drawStrokes(),
  });
  #resize: ResizeObserver | null = null;
  #stopPointers: (() => void) | null = null;
  #looking: AbortController | null = null;
  /** What is being drawn onto labels: x0, y0, x1, y1, … in pixels of the finest level. */
  #editLine: readonly number[] = [];
  readonly #objectColors = new ObjectColors();

  get camera(): Camera | null {
    return this.#camera;
  }

  /** Show the whole image. */
  fit(): void {
    if (this.#shown === null) return;
    this.#isFitted = true;
    this.#moveTo(fitCamera(this.#extent, this.#screen));
  }

  /** Zoom about the middle of the view; log2. */
  zoomBy(delta: number): void {
    this.#zoom(delta, { x: this.#screen.widthPx / 2, y: this.#screen.heightPx / 2 });
  }

  /** One image pixel a screen pixel. */
  actualSize(): void {
    if (this.#camera !== null) this.zoomBy(-this.#camera.zoom);
  }

  /** Pan by screen pixels. */
  panBy(dx: number, dy: number): void {
    if (this.#camera === null) return;
    this.#isFitted = false;
    this.#moveTo(panBy(this.#camera, dx, dy, this.#extent));
  }

  /** Move to a place of the finest level. */
  lookAt({ x, y, sizePx }: LookPlace): void {
    if (this.#camera === null) return;
    this.#isFitted = false;
    const stretch = this.#stretch;
    const place = { x: x * stretch.x, y: y * stretch.y, size: sizePx * Math.max(stretch.x, stretch.y) };
    this.#moveTo(lookCamera(this.#camera, place, this.#screen));
  }

  /** Ask again for tiles that failed. */
  retry(): void {
    this.#scene?.retry();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize?.disconnect();
    this.#stopPointers?.();
    this.#looking?.abort();
    this.#scene?.close();
    this.#scene = null;
    this.#shown = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.updateComplete.then(() => this.#start());
  }

  protected override firstUpdated(): void {
    this.#start();
  }

  protected override updated(_changed: PropertyValues): void {
    this.#draw();
  }

  #start(): void {
    const picture = this.renderRoot.querySelector<HTMLCanvasElement>('#picture');
    const strokes = this.renderRoot.querySelector<HTMLCanvasElement>('#strokes');
    if (picture === null || strokes === null || this.#scene !== null) return;
    // A canvas that was clicked needs no focus ring; one reached by keyboard does.
    strokes.addEventListener('pointerdown', () => strokes.classList.add('pointed'));
    strokes.addEventListener('blur', () => strokes.classList.remove('pointed'));
    this.#scene = createScene({
      canvas: picture,
      onFrame: () => this.#drawStrokes(),
      onPending: (id, count) =>
        queueMicrotask(() => this.#workspace.workspace?.display.setPending(id, count)),
      onTileError: (_, error) => this.#announce('az-tile-error', error),
      onFailure: (error) => this.#announce('az-draw-error', error),
    });
    this.#resize = new ResizeObserver(() => this.#resized());
    this.#resize.observe(this);
    this.#resized();
    this.#stopPointers = listenToPointers(strokes, {
      tool: () => this.#tool,
      pan: (dx, dy) => this.panBy(dx, dy),
      zoom: (delta, at) => this.#zoom(delta, at),
      hover: (at) => this.#hovered(at),
      click: (at) => this.#clicked(at),
      strokeStart: (at, erase) =>
        this.#withPixels(at, (place) =>
          this.#isEditing ? this.#editMove(place) : this.#tools.down(place, erase),
        ),
      strokeMove: (at) =>
        this.#withPixels(at, (place) => (this.#isEditing ? this.#editMove(place) : this.#tools.move(place))),
      strokeEnd: (keep) => (this.#isEditing ? this.#editEnd(keep) : this.#tools.up(keep)),
      doubleClick: () => this.#tools.finish(),
    });
    strokes.addEventListener('keydown', (event) => this.#shapeKey(event));
  }

  /** What a drag does: pan, or draw something. */
  get #tool(): Tool {
    const { workspace } = this.#workspace;
    if (workspace === null) return 'pan';
    if (workspace.session.editing.current === null) return workspace.display.state.tool;
    return workspace.display.state.edit.tool === 'pan' ? 'pan' : 'paint';
  }

  /** Sides of a pixel in the plane that is drawn. */
  get #stretch(): { readonly x: number; readonly y: number } {
    const finest = this.#workspace.workspace?.session.image.pixels[0];
    return finest === undefined ? { x: 1, y: 1 } : pixelStretch(finest);
  }

  get #extent(): Extent {
    const image = this.#workspace.workspace?.session.image;
    const { x, y } = this.#stretch;
    return image
      ? { widthPx: sizeAlong(image, 'x') * x, heightPx: sizeAlong(image, 'y') * y }
      : { widthPx: 1, heightPx: 1 };
  }

  /** A place on the screen in pixels of the finest level. */
  #toPixels(camera: Camera, at: ScreenPoint): { readonly x: number; readonly y: number } {
    const place = toPlane(camera, at, this.#screen);
    const stretch = this.#stretch;
    return { x: place.x / stretch.x, y: place.y / stretch.y };
  }

  /** What of the slice is on the screen, in pixels of the finest level. */
  #area(camera: Camera): SeedArea {
    const { widthPx, heightPx } = this.#screen;
    const [from, to] = [
      this.#toPixels(camera, { x: 0, y: 0 }),
      this.#toPixels(camera, { x: widthPx, y: heightPx }),
    ];
    return { x0: from.x, y0: from.y, x1: to.x, y1: to.y };
  }

  #resized(): void {
    this.#screen = { widthPx: this.clientWidth, heightPx: this.clientHeight };
    const strokes = this.renderRoot.querySelector<HTMLCanvasElement>('#strokes');
    if (strokes !== null) {
      strokes.width = Math.round(this.clientWidth * devicePixelRatio);
      strokes.height = Math.round(this.clientHeight * devicePixelRatio);
    }
    if (this.#isFitted) this.fit();
    this.#draw();
  }

  #moveTo(camera: Camera): void {
    this.#camera = camera;
    this.#draw();
    this.#announce('az-camera', camera);
  }

  #zoom(delta: number, at: ScreenPoint): void {
    if (this.#camera === null) return;
    this.#isFitted = false;
    this.#moveTo(zoomAt(this.#camera, delta, at, this.#extent, this.#screen));
  }

  #draw(): void {
    const { workspace } = this.#workspace;
    if (workspace === null || this.#scene === null || this.#screen.widthPx === 0) return;
    if (workspace.session !== this.#shown?.session) {
      this.#shown = workspace;
      this.#imageLevels = imageDrawLevels(workspace.session.image.pixels);
      this.#layerLevels = new WeakMap();
      this.#followLooks(workspace);
      this.fit();
      return;
    }
    if (this.#camera === null) return;
    const { state } = workspace.display;
    workspace.display.area = this.#area(this.#camera);
    this.#tools.toolChanged(state.tool);
    this.#scene.update({
      camera: this.#camera,
      z: state.z,
      t: state.t,
      levels: this.#imageLevels,
      channels: state.channels.map(({ visible, color, limits, opacity }, index) => ({
        index,
        visible,
        color: rgb(color),
        limits,
        opacity,
      })),
      overlays: workspace.session.layers.map((layer) => this.#overlay(workspace, layer)),
    });
    this.#drawStrokes();
  }

  #followLooks({ display }: Workspace): void {
    this.#looking?.abort();
    this.#looking = new AbortController();
    const look = (event: Event) => event instanceof CustomEvent && this.lookAt(event.detail);
    display.addEventListener('look', look, { signal: this.#looking.signal });
  }

  #overlay(workspace: Workspace, layer: Layer): SceneOverlay {
    const { session, display } = workspace;
    let levels = this.#layerLevels.get(layer.levels);
    if (levels === undefined) {
      const place = layer.derived && layer.kind !== 'edited' ? derivedDrawLevels : labelDrawLevels;
      levels = place(layer.levels, session.image.pixels);
      this.#layerLevels.set(layer.levels, levels);
    }
    const { visible, opacity, outlines } = display.layer(layerKey(layer));
    const content = holdsColors(layer) ? 'colors' : 'ids';
    return {
      id: layer.id,
      content,
      levels,
      visible,
      // Strokes have changed since: it fades until the next result, so that it never passes for one.
      opacity: layer.outdated ? 0.4 * opacity : opacity,
      colors: tellingColors(this.#objectColors.of(workspace, layer)),
      contourPx: outlines ? 1.5 : 0,
      revision: layer.levels.reduce((sum, { pixels }) => sum + pixels.revision, 0),
    };
  }

  #drawStrokes(): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>('#strokes');
    const context = canvas?.getContext('2d');
    const { workspace } = this.#workspace;
    if (!context || workspace === null || this.#camera === null) return;
    const { session, display } = workspace;
    const { state } = display;
    const at =
      this.#hover === null || this.#tool === 'pan' ? null : this.#toPixels(this.#camera, this.#hover);
    const edit = editBrush(workspace);
    const color =
      edit?.color ??
      (state.tool === 'erase' ? '#fff' : `#${session.classes[state.activeClass]?.color ?? 'ffffff'}`);
    const radiusPx = edit?.radiusPx ?? state.brushRadiusPx;
    const { z, t } = state;
    const { draft } = this.#tools;
    const current =
      edit === null
        ? draft?.kind === 'stroke'
          ? [draft.stroke]
          : []
        : this.#editLine.length === 0
          ? []
          : [{ classIndex: 0, points: this.#editLine, radiusPx, z, t }];
    const hasBrush = edit !== null || state.tool === 'paint' || state.tool === 'erase';
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    drawStrokes(context, this.#screen, {
      camera: this.#camera,
      stretch: this.#stretch,
      strokes: state.strokesVisible && edit === null ? [...session.strokes, ...current] : current,
      classes: edit === null ? session.classes : [{ name: '', color: edit.color.slice(1) }],
      z,
      t,
      brush: at === null || !hasBrush ? null : { ...at, radiusPx, color },
      opacity: 0.75,
      region: session.region?.kind === 'area' ? session.region.rings : [],
      polygon:
        draft?.kind === 'polygon'
          ? {
              points: draft.points,
              pointer: at,
              color: `#${draft.of === 'region' ? 'ffffff' : (session.classes[draft.of]?.color ?? 'ffffff')}`,
            }
          : null,
    });
    drawMarks(context, this.#screen, {
      camera: this.#camera,
      stretch: this.#stretch,
      marks: marksOf(workspace),
    });
  }

  #hovered(at: ScreenPoint | null): void {
    this.#hover = at;
    this.#drawStrokes();
    if (at === null || this.#camera === null || this.#scene === null) {
      this.#announce('az-pointer', null);
      return;
    }
    const place = toPlane(this.#camera, at, this.#screen);
    const values = this.#scene.valuesAt(place.x, place.y);
    this.#announce('az-pointer', { ...this.#toPixels(this.#camera, at), ...values } satisfies PointerReading);
  }

  /** A click on an object selects its row. */
  #clicked(at: ScreenPoint): void {
    const { workspace } = this.#workspace;
    if (workspace === null || this.#camera === null || this.#scene === null) return;
    const place = toPlane(this.#camera, at, this.#screen);
    const { ids } = this.#scene.valuesAt(place.x, place.y);
    selectObject(workspace, rowUnder(workspace, ids), false);
  }

  get #isEditing(): boolean {
    return (this.#workspace.workspace?.session.editing.current ?? null) !== null;
  }

  /** Another point of what is drawn onto labels. */
  #editMove({ x, y }: PixelPlace): void {
    if (this.#camera === null) return;
    const stepPx = Math.hypot(
      x - (this.#editLine.at(-2) ?? Number.NaN),
      y - (this.#editLine.at(-1) ?? Number.NaN),
    );
    // Closer than half a screen pixel says nothing new.
    if (stepPx * 2 ** this.#camera.zoom < 0.5) return;
    this.#editLine = [...this.#editLine, x, y];
    this.#drawStrokes();
  }

  #editEnd(keep: boolean): void {
    const points = this.#editLine;
    this.#editLine = [];
    const { workspace } = this.#workspace;
    if (keep && workspace !== null) void applyEdit(workspace, points);
    this.#drawStrokes();
  }

  #withPixels(at: ScreenPoint, act: (place: PixelPlace) => void): void {
    if (this.#camera !== null) act(this.#toPixels(this.#camera, at));
  }

  /** Keys of a polygon that is being drawn; where there is none they are left to others. */
  #shapeKey(event: KeyboardEvent): void {
    const done =
      (event.key === 'Enter' && this.#tools.finish()) ||
      (event.key === 'Escape' && this.#tools.cancel()) ||
      (event.key === 'Backspace' && this.#tools.removeCorner());
    if (done) event.preventDefault();
  }

  /** Class of the segmentation on show. */
  #segmentedAt(at: PixelPlace): number | null {
    const { workspace } = this.#workspace;
    const layer = workspace?.session.layers.find(({ kind, outdated }) => kind === 'classes' && !outdated);
    const stretch = this.#stretch;
    const ids = this.#scene?.valuesAt(at.x * stretch.x, at.y * stretch.y).ids;
    const id = layer === undefined ? 0 : Number(ids?.get(layer.id) ?? 0);
    return id > 0 ? id - 1 : null;
  }

  #announce(type: string, detail: Camera | PointerReading | AlibiError | Error | null): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  // The picture is inert: deck.gl makes its canvas a tab stop, and the strokes' canvas above is one already.
  protected override render() {
    const { workspace } = this.#workspace;
    const tool = this.#tool;
    const name = workspace?.session.image.name ?? 'no image';
    return html`
      <canvas id="picture" part="picture" inert></canvas>
      <canvas
        id="strokes"
        data-tool=${tool}
        tabindex="0"
        role="application"
        aria-label=${`${name}. Arrow keys pan, plus and minus zoom, 0 shows everything, brackets change the brush from ${brushRange.least} to ${brushRange.most} pixels.`}
      ></canvas>
    `;
  }
}

const noColors: Layer['colors'] = new Map();

/** Some writers give every id the same grey: then the colours of none tell them apart better. */
function tellingColors(colors: Layer['colors']): Layer['colors'] {
  if (colors.size < 2) return colors;
  return new Set([...colors.values()].map(String)).size > 1 ? colors : noColors;
}

function rgb(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex, 16) || 0;
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
