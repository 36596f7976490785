import { expect } from 'chai';
import { readRegion } from '../../src/array/region.ts';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeImage, fakeSession } from './fake-session.ts';
import { drag, find, findAll, press, show, until } from './viewer-page.ts';

defineElements();

const frame = () => new Promise((resolve) => setTimeout(resolve, 60));

/** A viewer of 256 pixels whose label image `grains` is being edited. */
async function editing() {
  const session = fakeSession({ image: fakeImage({ sizePx: 256, z: 1 }) });
  const viewer = await show(async () => session);
  await until(() => viewer.camera !== null);
  await session.openLabel('grains');
  await frame();
  find(viewer, '[aria-label="Edit grains by hand"]', HTMLButtonElement).click();
  await until(() => session.editing.current !== null);
  await frame();
  const layer = session.layers.at(-1)!;
  if (viewer.state.kind !== 'open') throw new Error('no image is open');
  const { display } = viewer.state.workspace;
  const { clientWidth, clientHeight } = find(viewer, '#strokes', HTMLCanvasElement);
  /** A pixel of the image on the screen; pixels are square, so that the plane has the image's units. */
  const onScreen = (x: number, y: number): readonly [number, number] => {
    const camera = viewer.camera!;
    const scale = 2 ** camera.zoom;
    return [(x - camera.x) * scale + clientWidth / 2, (y - camera.y) * scale + clientHeight / 2];
  };
  const tool = async (name: string) => {
    findAll(viewer, '[aria-label="Editing tool"] button', HTMLButtonElement)
      .find(({ textContent }) => textContent?.trim() === name)
      ?.click();
    await frame();
  };
  const idAt = (x: number, y: number) => session.editing.current!.idAt({ x, y, z: 0, t: 0 });
  const revision = () => layer.levels[0]!.pixels.revision;
  /** Do something to the labels and wait until they have changed. */
  const changing = async (act: () => void) => {
    const before = revision();
    act();
    await until(() => revision() !== before);
    await frame();
  };
  return { session, viewer, layer, display, onScreen, tool, idAt, changing };
}

describe('editing labels by hand', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('begins on a layer of its own, that can be saved; what is beneath is hidden', async () => {
    const { session, viewer, display } = await editing();
    expect(session.layers.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal([
      'label grains',
      'edited grains, edited',
    ]);
    expect(display.layer('label/grains').visible).to.equal(false);
    expect(findAll(viewer, '[aria-label="Save grains, edited"]', HTMLButtonElement)).to.have.length(1);
    find(viewer, '#stop-editing', HTMLButtonElement).click();
    await frame();
    expect(session.editing.current).to.equal(null);
    expect(find(viewer, 'alibi-zarr-editing', HTMLElement).hidden).to.equal(true);
    // The layer is there; editing goes on where it was left.
    find(viewer, '[aria-label="Edit grains, edited by hand"]', HTMLButtonElement).click();
    await until(() => session.editing.current !== null);
    expect(session.layers).to.have.length(2);
  });

  it('paints with a new id, erases, and takes both back by the keys of undo', async () => {
    const { session, viewer, display, onScreen, idAt, changing } = await editing();
    const before = await idAt(100, 100);
    press(viewer, 'm');
    await frame();
    const id = display.state.edit.id ?? 0;
    // The grains of the picture have the ids 1 to 5.
    expect(id).to.equal(6);
    display.update({ brushRadiusPx: 5 });
    await changing(() => drag(viewer, onScreen(80.5, 100.5), onScreen(120.5, 100.5)));
    expect(await Promise.all([idAt(80, 100), idAt(100, 104), idAt(120, 96)])).to.deep.equal([6, 6, 6]);
    expect(await idAt(100, 106)).not.to.equal(6);
    press(viewer, '1');
    await frame();
    await changing(() => drag(viewer, onScreen(100.5, 100.5)));
    expect(await idAt(100, 100)).to.equal(0);
    await changing(() => press(viewer, 'z', { ctrlKey: true }));
    expect(await idAt(100, 100)).to.equal(6);
    await changing(() => press(viewer, 'z', { ctrlKey: true }));
    expect(await idAt(100, 100)).to.equal(before);
    await changing(() => press(viewer, 'z', { ctrlKey: true, shiftKey: true }));
    expect(await idAt(100, 100)).to.equal(6);
    // Strokes of classes are another matter.
    expect(session.strokes).to.have.length(0);
  });

  it('merges what is clicked into what was clicked first, fills, splits and deletes', async () => {
    const { session, viewer, layer, display, onScreen, tool, idAt, changing } = await editing();
    const { pixels } = layer.levels[0]!;
    const whole = async () =>
      Array.from((await readRegion(pixels, { start: [0, 0, 0], stop: pixels.shape }, {})).data, Number);
    // Two squares of ids of their own.
    await session.editing.current!.brush({ points: [40, 40], radiusPx: 12, z: 0, t: 0 }, 11);
    await session.editing.current!.brush({ points: [120, 40], radiusPx: 12, z: 0, t: 0 }, 12);
    await tool('Merge');
    drag(viewer, onScreen(40, 40));
    await until(() => display.state.edit.id === 11);
    await changing(() => drag(viewer, onScreen(120, 40)));
    expect(await Promise.all([idAt(120, 40), idAt(40, 40)])).to.deep.equal([11, 11]);
    expect((await whole()).includes(12)).to.equal(false);
    // Only the piece that is clicked is filled.
    display.update({ edit: { tool: 'fill', id: 20 } });
    await changing(() => drag(viewer, onScreen(120, 40)));
    expect(await Promise.all([idAt(120, 40), idAt(40, 40)])).to.deep.equal([20, 11]);
    await tool('Split');
    await changing(() => drag(viewer, onScreen(120, 20), onScreen(120, 60)));
    const halves = await Promise.all([idAt(112, 40), idAt(128, 40)]);
    expect(new Set(halves)).to.have.property('size', 2);
    expect(halves.includes(20)).to.equal(true);
    await tool('Delete');
    await changing(() => drag(viewer, onScreen(40, 40)));
    expect((await whole()).includes(11)).to.equal(false);
    await tool('Pick');
    drag(viewer, onScreen(128, 40));
    await until(() => display.state.edit.id === halves[1]);
  });

  it('says in words why something cannot be done', async () => {
    const { viewer, session, onScreen, tool } = await editing();
    const failures: string[] = [];
    session.addEventListener('error', ({ detail }) => failures.push(detail.error.message));
    await tool('Split');
    drag(viewer, onScreen(100, 100), onScreen(103, 100));
    await until(() => failures.length === 1);
    expect(failures[0]).to.include('does not cut through');
  });
});
