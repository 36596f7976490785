import type { ClassSpec, Stroke } from '../segment/types.ts';
import type { Camera } from '../views/deck/scene.ts';

export interface StrokeOverlay {
  readonly camera: Camera;
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
  const x = (value: number) => (value - overlay.camera.x) * scale + screen.widthPx / 2;
  const y = (value: number) => (value - overlay.camera.y) * scale + screen.heightPx / 2;
  context.clearRect(0, 0, screen.widthPx, screen.heightPx);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const stroke of overlay.strokes) {
    if (stroke.z !== overlay.z || stroke.t !== overlay.t) continue;
    const color = stroke.classIndex === null ? null : overlay.classes[stroke.classIndex]?.color;
    if (color === undefined) continue;
    context.globalCompositeOperation = color === null ? 'destination-out' : 'source-over';
    context.strokeStyle = color === null ? '#000' : `#${color}`;
    context.lineWidth = Math.max(1, 2 * stroke.radiusPx * scale);
    context.beginPath();
    for (let i = 0; i + 1 < stroke.points.length; i += 2) {
      const px = x(stroke.points[i]!);
      const py = y(stroke.points[i + 1]!);
      if (i === 0) context.moveTo(px, py);
      context.lineTo(px, py);
    }
    context.stroke();
  }
  fade(context, screen, overlay.opacity);
  if (overlay.brush !== null) drawBrush(context, overlay.brush, x, y, scale);
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

function drawBrush(
  context: CanvasRenderingContext2D,
  brush: { readonly x: number; readonly y: number; readonly radiusPx: number; readonly color: string },
  x: (value: number) => number,
  y: (value: number) => number,
  scale: number,
): void {
  const radius = Math.max(1.5, brush.radiusPx * scale);
  for (const [color, width] of [
    ['rgb(0 0 0 / 70%)', 3],
    [brush.color, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x(brush.x), y(brush.y), radius, 0, 2 * Math.PI);
    context.stroke();
  }
}
