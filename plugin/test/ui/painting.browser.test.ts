import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import type { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';
import { fakeImage, fakeSession } from './fake-session.ts';
import { drag, find, point, press, show, until } from './viewer-page.ts';

defineElements();

type Place = readonly [number, number];

/** A viewer with two classes; `toImage` turns places of the canvas into pixels of the image. */
async function open() {
  const session = fakeSession({ image: fakeImage({ z: 6 }) });
  const viewer = await show(async () => session);
  press(viewer, 'm');
  press(viewer, 'm');
  await until(() => session.classes.length === 2 && viewer.camera !== null);
  const canvas = find(viewer, '#strokes', HTMLCanvasElement);
  const toImage = ([x, y]: Place) => {
    const { camera } = viewer;
    if (camera === null) throw new Error('no camera');
    const scale = 2 ** camera.zoom;
    return [
      camera.x + (x - canvas.clientWidth / 2) / scale,
      camera.y + (y - canvas.clientHeight / 2) / scale,
    ];
  };
  const { display } = viewer.state.kind === 'open' ? viewer.state.workspace : { display: null };
  if (display === null) throw new Error('not open');
  const click = (at: Place, options: PointerEventInit = {}) => {
    point(viewer, 'pointerdown', at, options);
    point(viewer, 'pointerup', at, options);
  };
  const corners = (ring: readonly number[], places: readonly Place[]) =>
    expect(ring.map((value) => Number(value.toFixed(6)))).to.deep.equal(
      places.flatMap(toImage).map((value) => Number(value.toFixed(6))),
    );
  return { session, viewer, display, click, toImage, corners };
}

const tool = (viewer: AlibiZarrViewer) => find(viewer, '#strokes', HTMLCanvasElement).dataset.tool;

describe('painting tools', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('have the keys of napari, and Shift with a digit chooses a class', async () => {
    const { viewer, display } = await open();
    const keys = [
      ...[...'123456'].map((key) => [key, 'erase paint polygon fill pick pan'.split(' ')[Number(key) - 1]]),
      ...[...'epflz'].map((key, i) => [key, 'erase paint fill pick pan'.split(' ')[i]]),
    ];
    for (const [key = '', expected] of keys) {
      press(viewer, key);
      expect(display.state.tool, key).to.equal(expected);
    }
    press(viewer, '!', { shiftKey: true, code: 'Digit1' });
    expect(display.state).to.include({ activeClass: 0, tool: 'paint' });
    press(viewer, '3');
    press(viewer, '@', { shiftKey: true, code: 'Digit2' });
    expect(display.state).to.include({ activeClass: 1, tool: 'polygon' });
    press(viewer, ')', { shiftKey: true, code: 'Digit9' });
    expect(display.state.activeClass).to.equal(1);
    const before = display.state.brushRadiusPx;
    press(viewer, ']');
    expect(display.state.brushRadiusPx).to.be.greaterThan(before);
  });

  it('draw a polygon by its corners; Backspace takes one back, Enter closes it, undo removes it', async () => {
    const { session, viewer, click, corners } = await open();
    press(viewer, '3');
    const places: Place[] = [
      [200, 150],
      [300, 150],
      [300, 250],
    ];
    for (const at of places) click(at);
    click([50, 50]);
    press(viewer, 'Backspace');
    expect(session.strokes).to.have.length(0);
    press(viewer, 'Enter');
    expect(session.strokes).to.have.length(1);
    expect(session.strokes[0]).to.deep.include({ classIndex: 1, points: [] });
    corners(session.strokes[0]?.rings?.[0] ?? [], places);
    press(viewer, 'z', { ctrlKey: true });
    expect(session.strokes).to.have.length(0);
    press(viewer, 'z', { ctrlKey: true, shiftKey: true });
    expect(session.strokes).to.have.length(1);
  });

  it('close a polygon at its first corner, by a double click, and as a lasso; Escape gives it up', async () => {
    const { session, viewer, click, corners } = await open();
    press(viewer, '3');
    const places: Place[] = [
      [200, 150],
      [300, 150],
      [300, 250],
    ];
    for (const at of places) click(at);
    click([203, 152]);
    corners(session.strokes[0]?.rings?.[0] ?? [], places);
    for (const at of places) click(at);
    click([300, 250]);
    find(viewer, '#strokes', HTMLCanvasElement).dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
    corners(session.strokes[1]?.rings?.[0] ?? [], places);
    for (const at of places) click(at);
    press(viewer, 'Escape');
    press(viewer, 'Enter');
    expect(session.strokes).to.have.length(2);
    point(viewer, 'pointerdown', [100, 100]);
    for (let i = 1; i < 12; i++) {
      const angle = (i / 12) * 2 * Math.PI;
      point(viewer, 'pointermove', [60 + 40 * Math.cos(angle), 100 + 40 * Math.sin(angle)]);
    }
    point(viewer, 'pointerup', [99, 99]);
    expect(session.strokes[2]?.rings?.[0]).to.have.length(24);
  });

  it('fill what strokes enclose, say where nothing does, and pick what is painted', async () => {
    const { session, viewer, display, click, toImage } = await open();
    const { z, t } = display.state;
    click([220, 210]);
    press(viewer, '4');
    click([400, 300]);
    await until(() => viewer.messages.length === 1);
    expect(viewer.messages[0]).to.deep.include({ kind: 'error', count: 1 });
    expect(session.strokes).to.have.length(1);
    press(viewer, '3');
    press(viewer, '!', { shiftKey: true, code: 'Digit1' });
    const ring: Place[] = [
      [150, 150],
      [300, 150],
      [300, 280],
      [150, 280],
    ];
    press(viewer, 'p');
    for (const [i, at] of ring.entries()) drag(viewer, at, ring[(i + 1) % 4]!);
    press(viewer, 'f');
    click([250, 250]);
    const [x = 0, y = 0] = toImage([170, 170]);
    expect(session.scribbles.classAt({ x, y, z, t })).to.equal(0);
    const [dotX = 0, dotY = 0] = toImage([220, 210]);
    expect(session.scribbles.classAt({ x: dotX, y: dotY, z, t })).to.equal(1);
    press(viewer, 'l');
    await viewer.updateComplete;
    expect(tool(viewer)).to.equal('pick');
    click([220, 210]);
    expect(display.state).to.include({ activeClass: 1, tool: 'fill' });
    press(viewer, 'z', { ctrlKey: true });
    expect(session.scribbles.classAt({ x, y, z, t })).to.equal(null);
  });

  it('take a pen whatever its pressure, its other end as an eraser, and not the hand beside it', async () => {
    const { session, viewer } = await open();
    const pen = { pointerType: 'pen', pointerId: 7 };
    point(viewer, 'pointerdown', [200, 150], { ...pen, pressure: 0.1 });
    point(viewer, 'pointerdown', [400, 400], { pointerType: 'touch', pointerId: 8 });
    point(viewer, 'pointermove', [230, 150], { ...pen, pressure: 0.9 });
    point(viewer, 'pointermove', [410, 400], { pointerType: 'touch', pointerId: 8 });
    point(viewer, 'pointerup', [230, 150], pen);
    point(viewer, 'pointerup', [410, 400], { pointerType: 'touch', pointerId: 8 });
    expect(session.strokes).to.have.length(1);
    expect(session.strokes[0]?.points).to.have.length(4);
    drag(viewer, [200, 150], [230, 150], { ...pen, button: 5, buttons: 32 });
    expect(session.strokes[1]?.classIndex).to.equal(null);
    expect(new Set(session.strokes.map(({ radiusPx }) => radiusPx)).size).to.equal(1);
  });

  it('fill the slices between two, as one step', async () => {
    const { session, viewer, display } = await open();
    display.update({ z: 1 });
    drag(viewer, [200, 150], [260, 180]);
    display.update({ z: 5 });
    drag(viewer, [200, 150], [260, 180]);
    await viewer.updateComplete;
    find(viewer, '#interpolate', HTMLButtonElement).click();
    expect(session.strokes.map(({ z }) => z)).to.deep.equal([1, 5, 2, 3, 4]);
    press(viewer, 'z', { ctrlKey: true });
    expect(session.strokes.map(({ z }) => z)).to.deep.equal([1, 5]);
  });
});
