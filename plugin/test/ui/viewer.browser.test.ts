import { expect } from 'chai';
import { AlibiError } from '../../src/errors.ts';
import type { Session } from '../../src/session-types.ts';
import { defineElements } from '../../src/ui/elements.ts';
import { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';
import { fakeImage, fakeSession } from './fake-session.ts';

defineElements();

/** A viewer of a given size that shows what `open` gives. */
async function show(open: () => Promise<Session>): Promise<AlibiZarrViewer> {
  AlibiZarrViewer.opener = open;
  const viewer = document.createElement('alibi-zarr-viewer');
  Object.assign(viewer.style, { display: 'block', width: '900px', height: '600px' });
  viewer.src = 'http://localhost/sample.zarr';
  document.body.append(viewer);
  await until(() => viewer.state.kind !== 'empty' && viewer.state.kind !== 'opening');
  await viewer.updateComplete;
  return viewer;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The first element that matches, through all shadow roots. */
function find<T extends Element>(root: Element | ShadowRoot, selector: string, type: { new (): T }): T {
  const search = (from: Element | ShadowRoot): T | null => {
    for (const element of from.querySelectorAll('*')) {
      if (element instanceof type && element.matches(selector)) return element;
      const inner = element.shadowRoot && search(element.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  const found = search(root instanceof Element && root.shadowRoot ? root.shadowRoot : root);
  if (found === null) throw new Error(`nothing matches ${selector}`);
  return found;
}

function press(viewer: AlibiZarrViewer, key: string, options: KeyboardEventInit = {}): void {
  const canvas = find(viewer, '#strokes', HTMLCanvasElement);
  canvas.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true, ...options }),
  );
}

function drag(viewer: AlibiZarrViewer, from: readonly [number, number], to: readonly [number, number]): void {
  const canvas = find(viewer, '#strokes', HTMLCanvasElement);
  const { left, top } = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  const send = (type: string, [x, y]: readonly [number, number]) =>
    canvas.dispatchEvent(
      new PointerEvent(type, { pointerId: 1, clientX: left + x, clientY: top + y, bubbles: true }),
    );
  send('pointerdown', from);
  for (let step = 1; step <= 10; step++) {
    send('pointermove', [
      from[0] + ((to[0] - from[0]) * step) / 10,
      from[1] + ((to[1] - from[1]) * step) / 10,
    ]);
  }
  send('pointerup', to);
}

describe('<alibi-zarr-viewer>', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('opens an image, says what it is, and closes the session when it leaves the page', async () => {
    let closed = 0;
    const session = fakeSession();
    session.close = async () => {
      closed++;
    };
    const viewer = await show(async () => session);
    expect(viewer.session === session).to.equal(true);
    expect(find(viewer, '.name', HTMLElement).textContent).to.equal(session.image.name);
    viewer.remove();
    expect(closed).to.equal(1);
  });

  it('says in words why an image cannot be opened and what to do', async () => {
    const viewer = await show(async () => {
      throw new AlibiError('NotFound', {
        what: 'no image here',
        where: 'http://x/y.zarr',
        remedy: 'Check the address.',
      });
    });
    const text = find(viewer, '[role=alert]', HTMLElement).textContent ?? '';
    for (const part of ['No image here', 'http://x/y.zarr', 'Check the address.'])
      expect(text).to.include(part);
  });

  it('turns a drag into a stroke in pixels of the finest level', async () => {
    const session = fakeSession();
    const viewer = await show(async () => session);
    press(viewer, 'm');
    await until(() => session.classes.length === 1 && viewer.camera !== null);
    const camera = viewer.camera!;
    const canvas = find(viewer, '#strokes', HTMLCanvasElement);
    drag(viewer, [200, 150], [260, 180]);
    const [stroke] = session.strokes;
    const toImage = (x: number, y: number) => [
      camera.x + (x - canvas.clientWidth / 2) / 2 ** camera.zoom,
      camera.y + (y - canvas.clientHeight / 2) / 2 ** camera.zoom,
    ];
    expect(stroke?.classIndex).to.equal(0);
    const points = stroke?.points ?? [];
    [...toImage(200, 150), ...toImage(260, 180)].forEach((expected, i) => {
      expect(points.at(i < 2 ? i : i - 4)).to.be.closeTo(expected, 1e-6);
    });
    press(viewer, 'z', { ctrlKey: true });
    expect(session.strokes).to.have.length(0);
  });

  it('pans and zooms from the keyboard and goes back to everything', async () => {
    const viewer = await show(async () => fakeSession());
    await until(() => viewer.camera !== null);
    const whole = viewer.camera!;
    press(viewer, '+');
    press(viewer, 'ArrowRight');
    expect(viewer.camera!.zoom).to.be.closeTo(whole.zoom + 0.5, 1e-9);
    expect(viewer.camera!.x).to.be.closeTo(whole.x + 80 / 2 ** (whole.zoom + 0.5), 1e-6);
    press(viewer, '0');
    expect(viewer.camera!).to.deep.equal(whole);
  });

  it('shows the image, channels and stored labels although the model failed', async () => {
    const error = new AlibiError('Network', { what: 'no model', where: 'm', remedy: 'Try later.' });
    const session = fakeSession({ encoder: { kind: 'failed', error } });
    const viewer = await show(async () => session);
    expect(find(viewer, '#features', HTMLButtonElement).disabled).to.equal(true);
    find(viewer, '[title="Show labels/grains"]', HTMLButtonElement).click();
    await until(() => session.layers.length === 1);
    expect(find(viewer, 'details.bad', HTMLElement).textContent).to.include('Try later.');
  });

  it('loads nothing again when contrast, colour or opacity change', async () => {
    const image = fakeImage({ sizePx: 512 });
    const session = fakeSession({ image });
    const requests = () =>
      image.pixels.reduce((sum, level) => sum + Number(Reflect.get(level, 'requests')), 0);
    const viewer = await show(async () => session);
    if (viewer.state.kind !== 'open') throw new Error('not open');
    const { display } = viewer.state.workspace;
    await until(() => requests() > 0 && display.state.pending.size === 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = requests();
    display.setChannel(0, { limits: [100, 900], color: '00ff00', opacity: 0.5 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(requests()).to.equal(before);
  });

  it('saves a segmentation under the name that was typed', async () => {
    const session = fakeSession();
    const saved: string[] = [];
    const { save } = session;
    session.save = async (layer, options) => {
      saved.push(options.name);
      return save(layer, options);
    };
    const viewer = await show(async () => session);
    await session.clusters({ k: 3 });
    await viewer.updateComplete;
    await new Promise((resolve) => setTimeout(resolve, 50));
    find(viewer, '[aria-label="Save Clusters (3)"]', HTMLButtonElement).click();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const name = find(viewer, '#name', HTMLInputElement);
    name.value = 'phases';
    name.dispatchEvent(new Event('input'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    find(viewer, 'dialog .primary', HTMLButtonElement).click();
    await until(() => saved.length === 1);
    expect(saved).to.deep.equal(['phases']);
    await until(() => viewer.messages.length === 1);
  });

  it('reports failures once, with a count, and lets them be put away', async () => {
    const session = fakeSession();
    const target = session as unknown as EventTarget; // the fake forwards to one
    const viewer = await show(async () => {
      const events = new EventTarget();
      session.addEventListener = events.addEventListener.bind(events);
      target.dispatchEvent = events.dispatchEvent.bind(events);
      return session;
    });
    const error = new AlibiError('Internal', { what: 'it broke', where: 'here', remedy: 'Mend it.' });
    for (let i = 0; i < 3; i++) target.dispatchEvent(new CustomEvent('error', { detail: { error } }));
    await viewer.updateComplete;
    expect(viewer.messages).to.have.length(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(find(viewer, '.message', HTMLElement).textContent).to.include('and 2 more like it');
    find(viewer, '[aria-label=Dismiss]', HTMLButtonElement).click();
    expect(viewer.messages).to.have.length(0);
  });
});
