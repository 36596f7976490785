import type { Session } from '../../src/session-types.ts';
import { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';

/** A viewer of a given size that shows what `open` gives. */
export async function show(open: () => Promise<Session>): Promise<AlibiZarrViewer> {
  AlibiZarrViewer.opener = open;
  const viewer = document.createElement('alibi-zarr-viewer');
  Object.assign(viewer.style, { display: 'block', width: '900px', height: '600px' });
  viewer.src = 'http://localhost/sample.zarr';
  document.body.append(viewer);
  await until(() => viewer.state.kind !== 'empty' && viewer.state.kind !== 'opening');
  await viewer.updateComplete;
  return viewer;
}

export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** All elements that match, through all shadow roots. */
export function findAll<T extends Element>(
  root: Element | ShadowRoot,
  selector: string,
  type: { new (): T },
): T[] {
  const search = (from: Element | ShadowRoot): T[] =>
    [...from.querySelectorAll('*')].flatMap((element) => [
      ...(element instanceof type && element.matches(selector) ? [element] : []),
      ...(element.shadowRoot ? search(element.shadowRoot) : []),
    ]);
  return search(root instanceof Element && root.shadowRoot ? root.shadowRoot : root);
}

/** The first of {@link findAll}. */
export function find<T extends Element>(
  root: Element | ShadowRoot,
  selector: string,
  type: { new (): T },
): T {
  const [found] = findAll(root, selector, type);
  if (found === undefined) throw new Error(`nothing matches ${selector}`);
  return found;
}

export function press(viewer: AlibiZarrViewer, key: string, options: KeyboardEventInit = {}): void {
  const canvas = find(viewer, '#strokes', HTMLCanvasElement);
  canvas.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true, ...options }),
  );
}

/** Send a pointer's event to the canvas; places are CSS pixels from its corner. */
export function point(
  viewer: AlibiZarrViewer,
  type: string,
  [x, y]: readonly [number, number],
  options: PointerEventInit = {},
): void {
  const canvas = find(viewer, '#strokes', HTMLCanvasElement);
  const { left, top } = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  canvas.dispatchEvent(
    new PointerEvent(type, { pointerId: 1, clientX: left + x, clientY: top + y, bubbles: true, ...options }),
  );
}

export function drag(
  viewer: AlibiZarrViewer,
  from: readonly [number, number],
  to: readonly [number, number] = from,
  options: PointerEventInit = {},
): void {
  const send = (type: string, at: readonly [number, number]) => point(viewer, type, at, options);
  send('pointerdown', from);
  for (let step = 1; step <= 10; step++) {
    send('pointermove', [
      from[0] + ((to[0] - from[0]) * step) / 10,
      from[1] + ((to[1] - from[1]) * step) / 10,
    ]);
  }
  send('pointerup', to);
}
