import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeImage, fakeSession } from './fake-session.ts';
import { find, findAll, show, until } from './viewer-page.ts';

defineElements();

/** A viewer with two classes, its settings unfolded. */
async function opened(z = 1) {
  const session = fakeSession({ image: fakeImage({ z }) });
  const viewer = await show(async () => session);
  session.addClass({ name: 'a', color: 'e69f00' });
  session.addClass({ name: 'b', color: '56b4e9' });
  await until(() => findAll(viewer, '#learner', HTMLSelectElement).length === 1);
  find(viewer, '#learner', HTMLSelectElement).closest('details')!.open = true;
  const box = (id: string) => find(viewer, `#${id}`, HTMLInputElement);
  const toggle = async (id: string) => {
    box(id).click();
    await viewer.updateComplete;
  };
  const choose = (id: string, value: string) => {
    const field = find(viewer, `#${id}`, HTMLElement);
    if (!(field instanceof HTMLSelectElement || field instanceof HTMLInputElement)) throw new Error(id);
    field.value = value;
    field.dispatchEvent(new Event('change'));
  };
  return { session, viewer, box, toggle, choose };
}

describe('how a classifier learns', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('is offered once there are classes', async () => {
    const viewer = await show(async () => fakeSession());
    expect(find(viewer, 'alibi-zarr-learning', HTMLElement).hidden).to.equal(true);
    viewer.remove();
    const later = await opened();
    expect(find(later.viewer, 'alibi-zarr-learning', HTMLElement).hidden).to.equal(false);
  });

  it('is no wider than the panel, folded out', async () => {
    const { viewer } = await opened();
    const panel = find(viewer, 'alibi-zarr-panel', HTMLElement);
    expect(panel.scrollWidth).to.equal(panel.clientWidth);
  });

  it('switches features off and on, in their order', async () => {
    const { session, box, toggle } = await opened();
    const on = () =>
      [
        'scale-1',
        'scale-2',
        'kind-gaussian',
        'kind-gradient',
        'kind-hessian',
        'kind-structure',
        'kind-difference',
      ].map((id) => box(id).checked);
    expect(on()).to.deep.equal([true, false, true, true, true, false, false]);
    await toggle('kind-gradient');
    expect(session.learning.recipe).to.deep.equal({ kinds: ['gaussian', 'hessian'] });
    await toggle('kind-difference');
    await toggle('kind-gradient');
    await toggle('scale-2');
    await toggle('scale-1');
    expect(session.learning.recipe).to.deep.equal({
      kinds: ['gaussian', 'gradient', 'hessian', 'difference'],
      tokenScales: [2],
    });
    await until(() => on().join() === [false, true, true, true, true, false, true].join());
  });

  it('keeps the last feature on', async () => {
    const { session, box, toggle } = await opened();
    for (const id of ['kind-gaussian', 'kind-gradient', 'kind-hessian']) {
      expect(box(id).disabled).to.equal(false);
      await toggle(id);
    }
    await until(() => box('scale-1').disabled);
    expect(box('scale-1').checked).to.equal(true);
    expect(session.learning.recipe).to.deep.equal({ kinds: [] });
  });

  it('computes features of the chosen channels, one at least, between the points they were opened with', async () => {
    const { session, viewer, box, toggle } = await opened();
    expect([0, 1, 2].map((channel) => box(`channel-${channel}`).checked)).to.deep.equal([true, false, false]);
    expect(box('channel-0').disabled).to.equal(true);
    await toggle('channel-2');
    expect(session.learning.recipe).to.deep.equal({
      classicalNormalisation: { channels: [0, 2], black: [0, 0], white: [4095, 4095] },
    });
    await until(() => !box('channel-0').disabled);
    await toggle('channel-0');
    expect(session.learning.recipe?.classicalNormalisation?.channels).to.deep.equal([2]);
    await until(() => box('channel-2').disabled);
    for (const kind of ['gaussian', 'gradient', 'hessian']) await toggle(`kind-${kind}`);
    await until(() => findAll(viewer, '#channel-0', HTMLInputElement).length === 0);
  });

  it('offers z where slices have a size', async () => {
    const flat = await opened();
    expect(findAll(flat.viewer, '#z-context', HTMLInputElement)).to.have.length(0);
    flat.viewer.remove();
    const { session, toggle } = await opened(4);
    await toggle('z-context');
    expect(session.learning.recipe).to.deep.equal({ zContext: true });
  });

  it('chooses learner, class weights and smoothing, and goes back to the defaults', async () => {
    const { session, viewer, choose } = await opened();
    choose('learner', 'forest');
    choose('class-weights', 'balanced');
    choose('smoothing', '2.5');
    expect(session.learning.classifier).to.deep.equal({
      kind: 'forest',
      classWeights: 'balanced',
      smoothingPx: 2.5,
    });
    choose('class-weights', 'default');
    choose('smoothing', '-4');
    expect(session.learning.classifier).to.deep.equal({ kind: 'forest', smoothingPx: 0 });
    const reset = () => find(viewer, '#default-learning', HTMLButtonElement);
    await until(() => !reset().disabled);
    reset().click();
    expect(session.learning).to.deep.equal({ recipe: {}, classifier: {} });
    await until(() => reset().disabled && find(viewer, '#learner', HTMLSelectElement).value === 'average');
  });
});
