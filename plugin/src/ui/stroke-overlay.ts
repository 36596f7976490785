import type { ClassSpec, Stroke } from '../segment/types.ts';
import type { Camera } from '../views/deck/scene.ts';

export interface StrokeOverlay {
  readonly camera: Camera;
  /** Sides of a pixel in the plane that is drawn. Strokes are round in pixels, whatever those look like. */
  readonly stretch: { readonly x: number; readonly y: number };
  readonly strokes: readonly Omit<Stroke, 'id'>[];
  readonly classes: readonly ClassSpec[];
  readonly z: number;
  readonly t: number;
  /** Outline of the brush: image position, radius and colour; `null` where there is none. */
  readonly brush: {
    readonly x: number;
    readonly y: number;
    readonly radiusPx: number;
    readonly color: string;
  } | null;
  readonly opacity: number;
  /** A polygon being drawn: its corners, where the pointer is, and its colour. */
  readonly polygon: {
    readonly points: readonly number[];
    readonly pointer: { readonly x: number; readonly y: number } | null;
    readonly color: string;
  } | null;
}

/**
 * Draw strokes in their order onto a canvas of its own above the image, so that an eraser takes away what
 * lies beneath it and nothing else. `context` is scaled to CSS pixels by the caller.
 */
export function drawStrokes(
  context: CanvasRenderingContext2D,
  screen: { widthPx: number; heightPx: number },
  overlay: StrokeOverlay,
): void {
  const scale = 2 ** overlay.camera.zoom;
  const { stretch, camera } = overlay;
  context.clearRect(0, 0, screen.widthPx, screen.heightPx);
  context.save();
  // From here on the unit is a pixel of the image.
  context.translate(screen.widthPx / 2 - camera.x * scale, screen.heightPx / 2 - camera.y * scale);
  context.scale(scale * stretch.x, scale * stretch.y);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const stroke of overlay.strokes) {
    if (stroke.z !== overlay.z || stroke.t !== overlay.t) continue;
    const color = stroke.classIndex === null ? null : overlay.classes[stroke.classIndex]?.color;
    if (color === undefined) continue;
    context.globalCompositeOperation = color === null ? 'destination-out' : 'source-over';
    drawStroke(context, stroke, { color: color === null ? '#000' : `#${color}`, leastWidth: 1 / scale });
  }
  context.restore();
  fade(context, screen, overlay.opacity);
  const onScreen = (x: number, y: number): [number, number] => [
    (x * stretch.x - camera.x) * scale + screen.widthPx / 2,
    (y * stretch.y - camera.y) * scale + screen.heightPx / 2,
  ];
  if (overlay.polygon !== null) drawPolygon(context, overlay.polygon, onScreen);
  if (overlay.brush === null) return;
  const { brush } = overlay;
  const [x, y] = onScreen(brush.x, brush.y);
  drawBrush(context, brush.color, {
    x,
    y,
    radiusX: brush.radiusPx * scale * stretch.x,
    radiusY: brush.radiusPx * scale * stretch.y,
  });
}

/** A line or an area; the unit is a pixel of the image. */
function drawStroke(
  context: CanvasRenderingContext2D,
  { points, rings, radiusPx }: Omit<Stroke, 'id'>,
  { color, leastWidth }: { readonly color: string; readonly leastWidth: number },
): void {
  context.beginPath();
  for (const line of rings ?? [points]) {
    for (let i = 0; i + 1 < line.length; i += 2) {
      if (i === 0) context.moveTo(line[i]!, line[i + 1]!);
      context.lineTo(line[i]!, line[i + 1]!);
    }
    if (rings !== undefined) context.closePath();
  }
  context.fillStyle = color;
  context.strokeStyle = color;
  context.lineWidth = rings === undefined ? Math.max(leastWidth, 2 * radiusPx) : leastWidth;
  if (rings !== undefined) context.fill('evenodd');
  context.stroke();
}

/** Its corners so far, and the way back to the first one. */
function drawPolygon(
  context: CanvasRenderingContext2D,
  { points, pointer, color }: NonNullable<StrokeOverlay['polygon']>,
  onScreen: (x: number, y: number) => [number, number],
): void {
  const corners = Array.from({ length: points.length / 2 }, (_, i) =>
    onScreen(points[2 * i]!, points[2 * i + 1]!),
  );
  const path = pointer === null ? corners : [...corners, onScreen(pointer.x, pointer.y)];
  context.beginPath();
  for (const [x, y] of path) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = color;
  context.globalAlpha = 0.2;
  context.fill('evenodd');
  context.globalAlpha = 1;
  for (const [style, width] of [
    ['rgb(0 0 0 / 70%)', 3],
    [color, 1.5],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
  const [first] = corners;
  if (first === undefined) return;
  context.beginPath();
  context.arc(first[0], first[1], 4, 0, 2 * Math.PI);
  context.fill();
}

/** Strokes of one class overlap without getting darker: they are drawn solid and faded as a whole. */
function fade(
  context: CanvasRenderingContext2D,
  screen: { widthPx: number; heightPx: number },
  opacity: number,
): void {
  context.globalCompositeOperation = 'destination-in';
  context.fillStyle = `rgb(0 0 0 / ${opacity})`;
  context.fillRect(0, 0, screen.widthPx, screen.heightPx);
  context.globalCompositeOperation = 'source-over';
}

/** The brush's outline; `at` in CSS pixels. */
function drawBrush(
  context: CanvasRenderingContext2D,
  brushColor: string,
  at: { readonly x: number; readonly y: number; readonly radiusX: number; readonly radiusY: number },
): void {
  for (const [color, width] of [
    ['rgb(0 0 0 / 70%)', 3],
    [brushColor, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.ellipse(at.x, at.y, Math.max(1.5, at.radiusX), Math.max(1.5, at.radiusY), 0, 0, 2 * Math.PI);
    context.stroke();
  }
}
