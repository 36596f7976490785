import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeSession } from './fake-session.ts';
import { find, findAll, press, show, until } from './viewer-page.ts';

defineElements();

/** A viewer whose session has segmented something. */
async function segmented() {
  const session = fakeSession();
  const viewer = await show(async () => session);
  await until(() => viewer.camera !== null);
  session.addClass({ name: 'a', color: 'e69f00' });
  session.addClass({ name: 'b', color: '56b4e9' });
  const stroke = (classIndex: number) =>
    session.stroke({ classIndex, radiusPx: 4, points: [10, 10, 60, 60], z: 0, t: 0 });
  stroke(0);
  stroke(1);
  await viewer.updateComplete;
  const frame = () => new Promise((resolve) => setTimeout(resolve, 60));
  await frame();
  return { session, viewer, stroke, frame };
}

const places = (viewer: Element) => findAll(viewer, 'ol .go', HTMLButtonElement);

describe('where to label next', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('is offered once there is a segmentation', async () => {
    const session = fakeSession();
    const viewer = await show(async () => session);
    expect(find(viewer, 'alibi-zarr-guide', HTMLElement).hidden).to.equal(true);
    viewer.remove();
    const later = await segmented();
    expect(find(later.viewer, 'alibi-zarr-guide', HTMLElement).hidden).to.equal(false);
  });

  it('lists places, what would tell most first, and moves to the one that is clicked', async () => {
    const { session, viewer, frame } = await segmented();
    find(viewer, '#label-next', HTMLButtonElement).click();
    await frame();
    expect(places(viewer)).to.have.length(12);
    expect(places(viewer)[0]?.getAttribute('aria-label')).to.equal('Place 1 of 12, 95 % unsure');
    places(viewer)[3]?.click();
    await frame();
    const { status } = session.guidance;
    const wanted = 'places' in status ? status.places[3] : undefined;
    // Pixels of the image are square: the plane that is drawn has the image's own units.
    expect([viewer.camera?.x, viewer.camera?.y]).to.deep.equal([wanted?.x, wanted?.y]);
    expect(places(viewer)[3]?.getAttribute('aria-current')).to.equal('true');
    const { state } = viewer;
    expect(state.kind === 'open' && state.workspace.display.state.z).to.equal(wanted?.z);
  });

  it('goes through the list by the keys n and b, round at its ends', async () => {
    const { viewer, frame } = await segmented();
    const active = () => places(viewer).findIndex((place) => place.getAttribute('aria-current') === 'true');
    press(viewer, 'n');
    await frame();
    expect(places(viewer)).to.have.length(12);
    press(viewer, 'n');
    await frame();
    expect(active()).to.equal(0);
    press(viewer, 'n');
    await frame();
    expect(active()).to.equal(1);
    press(viewer, 'b');
    press(viewer, 'b');
    await frame();
    expect(active()).to.equal(11);
  });

  it('has no place of an old classifier on show, and a new list after the next training', async () => {
    const { session, viewer, frame } = await segmented();
    find(viewer, '#label-next', HTMLButtonElement).click();
    await frame();
    session.guidance.review(
      ('places' in session.guidance.status && session.guidance.status.places[0]) || fail(),
    );
    await frame();
    expect(places(viewer)).to.have.length(11);
    // The training that follows a stroke is still to come.
    const { trained } = Object.getPrototypeOf(session.guidance);
    Object.assign(session.guidance, { trained: () => {} });
    session.stroke({ classIndex: 0, radiusPx: 4, points: [80, 80], z: 0, t: 0 });
    await frame();
    expect(places(viewer)).to.have.length(0);
    expect(find(viewer, 'alibi-zarr-guide', HTMLElement).shadowRoot?.textContent).to.include(
      'come with the next segmentation',
    );
    trained.call(session.guidance);
    await frame();
    expect(places(viewer)).to.have.length(11);
  });

  it('switches the uncertainty layer between margin, entropy and none', async () => {
    const { session, viewer, frame } = await segmented();
    const radio = (name: string) =>
      findAll(viewer, '[aria-label="Uncertainty layer"] button', HTMLButtonElement).find(
        (button) => button.textContent === name,
      );
    const shown = () => session.layers.filter(({ kind }) => kind === 'uncertainty').map(({ name }) => name);
    radio('Margin')?.click();
    await frame();
    expect(shown()).to.deep.equal(['Uncertainty (margin)']);
    radio('Entropy')?.click();
    await frame();
    expect(shown()).to.deep.equal(['Uncertainty (entropy)']);
    // It is no label image: there is nothing to save.
    expect(findAll(viewer, '[aria-label="Save Uncertainty (entropy)"]', HTMLElement)).to.have.length(0);
    find(viewer, '[aria-label="Remove Uncertainty (entropy)"]', HTMLButtonElement).click();
    await frame();
    expect(radio('Off')?.getAttribute('aria-checked')).to.equal('true');
  });
});

function fail(): never {
  throw new Error('no place');
}
