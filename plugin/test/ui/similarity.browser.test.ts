import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeSession } from './fake-session.ts';
import { find, findAll, point, press, show, until } from './viewer-page.ts';

defineElements();

async function opened() {
  const session = fakeSession({ delayMs: 0 });
  const viewer = await show(async () => session);
  await until(() => viewer.camera !== null);
  const frame = () => new Promise((resolve) => setTimeout(resolve, 60));
  await frame();
  /** Press and let go. */
  const click = async (at: readonly [number, number], options: PointerEventInit = {}) => {
    point(viewer, 'pointerdown', at, options);
    point(viewer, 'pointerup', at, options);
    await frame();
  };
  const text = () => find(viewer, '#prompts', HTMLElement).textContent?.trim();
  return { session, viewer, frame, click, text };
}

describe('more like this', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('takes what is clicked on, and with the right button what it is not', async () => {
    const { session, viewer, frame, click, text } = await opened();
    find(viewer, '#similar', HTMLButtonElement).click();
    await frame();
    expect(find(viewer, '#similar', HTMLButtonElement).getAttribute('aria-pressed')).to.equal('true');
    await click([300, 200]);
    await click([360, 200], { button: 2 });
    expect(session.similarity.prompts.map(({ isLike }) => isLike)).to.deep.equal([true, false]);
    const [first, second] = session.similarity.prompts;
    expect(second!.x).to.be.greaterThan(first!.x);
    expect(second!.y).to.be.closeTo(first!.y, 1e-6);
    expect(text()).to.equal('1 like this, 1 not');
    expect(session.strokes).to.have.length(0);
    // Beside the image there is nothing to point at.
    await click([2, 2]);
    expect(session.similarity.prompts).to.have.length(2);
    const layer = session.layers.find(({ kind }) => kind === 'similarity');
    expect(layer).to.not.equal(undefined);
    // A layer of shades has no outlines, and is not saved or edited.
    expect(findAll(viewer, '[aria-label="Save Similarity"]', HTMLElement)).to.have.length(0);
    expect(findAll(viewer, '[aria-label="Outlines of Similarity"]', HTMLElement)).to.have.length(0);
    expect(findAll(viewer, '[aria-label="Opacity of Similarity"]', HTMLElement)).to.have.length(1);
  });

  it('takes the last place back, then points at nothing', async () => {
    const { session, viewer, frame, click } = await opened();
    press(viewer, 'x');
    await click([240, 200]);
    await click([360, 260]);
    find(viewer, '[aria-label="Take the last place back"]', HTMLButtonElement).click();
    await frame();
    expect(session.similarity.prompts).to.have.length(1);
    find(viewer, '[aria-label="Point at nothing"]', HTMLButtonElement).click();
    await frame();
    expect(session.similarity.prompts).to.have.length(0);
    expect(session.layers.some(({ kind }) => kind === 'similarity')).to.equal(false);
  });

  it('makes strokes of what is alike, of a new class or of one there is', async () => {
    const { session, viewer, frame, click } = await opened();
    press(viewer, 'x');
    await click([300, 200]);
    find(viewer, '#similar-strokes', HTMLButtonElement).click();
    await until(() => session.strokes.length === 1);
    await frame();
    expect(session.classes.map(({ name }) => name)).to.deep.equal(['Alike']);
    const note = find(viewer, 'alibi-zarr-similarity', HTMLElement).shadowRoot?.querySelector('p');
    expect(note?.textContent?.trim()).to.equal('1 stroke of Alike.');
  });

  it('leaves the keys to the viewer when the button that was pressed has lost the focus to nothing', async () => {
    const { session, viewer, frame, click } = await opened();
    press(viewer, 'x');
    await click([300, 200]);
    const button = find(viewer, '#similar-strokes', HTMLButtonElement);
    button.focus();
    button.click();
    await until(() => session.strokes.length === 1);
    await frame();
    // As a browser does with the focus of a button that is disabled.
    button.blur();
    const undo = () =>
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true }));
    undo();
    expect(session.strokes).to.have.length(0);
    // What is elsewhere on the page keeps its keys.
    session.redo();
    const other = document.body.appendChild(document.createElement('button'));
    other.focus();
    other.blur();
    undo();
    expect(session.strokes).to.have.length(1);
    other.remove();
  });
});
