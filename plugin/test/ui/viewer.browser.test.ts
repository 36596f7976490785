import { expect } from 'chai';
import { AlibiError } from '../../src/errors.ts';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeImage, fakeSession } from './fake-session.ts';
import { drag, find, press, show, until } from './viewer-page.ts';

defineElements();

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
