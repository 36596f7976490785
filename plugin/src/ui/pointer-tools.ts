import type { Tool } from './display.ts';

/** A position on the canvas, in CSS pixels from its corner. */
export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
}

export interface PointerActions {
  readonly tool: () => Tool;
  pan(dx: number, dy: number): void;
  /** Zoom by `delta` (log2) about a point. */
  zoom(delta: number, at: ScreenPoint): void;
  hover(at: ScreenPoint | null): void;
  /** Pressed and released at one place while the tool is `pan`. */
  click(at: ScreenPoint): void;
  strokeStart(at: ScreenPoint, erase: boolean): void;
  strokeMove(at: ScreenPoint): void;
  strokeEnd(keep: boolean): void;
  doubleClick(): void;
}

/** A pointer that has moved less than this was meant to stay, in CSS pixels. */
const clickSlackPx = 4;
/** log2 of the zoom factor a pixel of wheel movement; a notch is about 100. */
const wheelStep = 0.0022;
/** `button` of a pen's other end. */
const penEraser = 5;

/**
 * Pointer input of the canvas: drag to pan or paint, wheel and two fingers to zoom. The middle button, and
 * the space bar held down, pan whatever the tool; the right button and the eraser of a pen erase. A pen's pressure is not looked
 * at, and while it draws, a hand on the screen does nothing.
 *
 * @returns  a function that stops listening
 */
export function listenToPointers(element: HTMLElement, actions: PointerActions): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const pointers = new Map<number, ScreenPoint>();
  let mode: 'none' | 'pan' | 'stroke' | 'pinch' = 'none';
  let spaceHeld = false;
  let pinchPx = 0;
  let pressed: ScreenPoint | null = null;
  /** The pen that draws. */
  let pen: number | null = null;
  const at = (event: MouseEvent): ScreenPoint => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const pinch = () => {
    const [a, b] = [...pointers.values()];
    if (a === undefined || b === undefined) return null;
    return {
      centre: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
      distancePx: Math.hypot(a.x - b.x, a.y - b.y),
    };
  };
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
  ) => element.addEventListener(type, listener, { signal, passive: false });

  on('pointerdown', (event) => {
    if (pen !== null && event.pointerType === 'touch') return;
    if (event.pointerType === 'pen') {
      // A palm that came first lets go.
      if (mode === 'stroke') actions.strokeEnd(false);
      pointers.clear();
      mode = 'none';
      pen = event.pointerId;
    }
    element.setPointerCapture(event.pointerId);
    const point = at(event);
    pointers.set(event.pointerId, point);
    if (pointers.size === 2) {
      if (mode === 'stroke') actions.strokeEnd(false);
      mode = 'pinch';
      pressed = null;
      pinchPx = pinch()?.distancePx ?? 0;
      return;
    }
    if (event.button === 1 || spaceHeld || actions.tool() === 'pan') {
      mode = 'pan';
      pressed = event.button === 0 && !spaceHeld ? point : null;
    } else {
      mode = 'stroke';
      actions.strokeStart(point, event.button === 2 || event.button === penEraser);
    }
    event.preventDefault();
    element.focus({ preventScroll: true });
  });
  on('pointermove', (event) => {
    const point = at(event);
    const last = pointers.get(event.pointerId);
    actions.hover(point);
    if (last === undefined) return;
    if (mode === 'stroke') {
      // What the browser put together into one event; scripted events have nothing inside.
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const step of steps.length > 0 ? steps : [event]) actions.strokeMove(at(step));
    }
    if (pressed !== null && Math.hypot(point.x - pressed.x, point.y - pressed.y) >= clickSlackPx)
      pressed = null;
    if (mode === 'pan') actions.pan(point.x - last.x, point.y - last.y);
    pointers.set(event.pointerId, point);
    const now = mode === 'pinch' ? pinch() : null;
    if (now !== null && pinchPx > 0) {
      actions.pan((point.x - last.x) / 2, (point.y - last.y) / 2);
      actions.zoom(Math.log2(now.distancePx / pinchPx), now.centre);
      pinchPx = now.distancePx;
    }
  });
  const release = (event: PointerEvent, keep: boolean) => {
    if (pen === event.pointerId) pen = null;
    if (!pointers.delete(event.pointerId)) return;
    if (mode === 'stroke') actions.strokeEnd(keep);
    if (pressed !== null && keep) actions.click(at(event));
    pressed = null;
    if (pointers.size === 0) mode = 'none';
  };
  on('pointerup', (event) => release(event, true));
  on('pointercancel', (event) => release(event, false));
  on('dblclick', () => actions.doubleClick());
  on('pointerleave', () => actions.hover(null));
  on('contextmenu', (event) => event.preventDefault());
  on('wheel', (event) => {
    event.preventDefault();
    const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 33 : event.deltaY;
    actions.zoom(-px * wheelStep * (event.ctrlKey ? 4 : 1), at(event));
  });
  on('keydown', (event) => {
    if (event.code === 'Space') {
      spaceHeld = true;
      event.preventDefault();
    }
  });
  on('keyup', (event) => {
    if (event.code === 'Space') spaceHeld = false;
  });
  on('blur', () => {
    spaceHeld = false;
  });
  return () => stop.abort();
}
