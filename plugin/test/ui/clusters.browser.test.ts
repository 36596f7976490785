import { expect } from 'chai';
import type { Layer } from '../../src/session-types.ts';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeSession } from './fake-session.ts';
import { find, findAll, press, show, until } from './viewer-page.ts';

defineElements();

/** A viewer whose session has clustered its image into four, listed. */
async function clustered() {
  const session = fakeSession({ delayMs: 0 });
  const viewer = await show(async () => session);
  await until(() => viewer.camera !== null);
  await session.clusters({ k: 4 });
  const frame = () => new Promise((resolve) => setTimeout(resolve, 60));
  await frame();
  const opener = find(viewer, '#list-clusters', HTMLButtonElement);
  expect(opener.getAttribute('aria-expanded')).to.equal('false');
  opener.click();
  await frame();
  const choose = async (...ids: readonly number[]) => {
    for (const id of ids) find(viewer, `[aria-label="Choose Cluster ${id}"]`, HTMLInputElement).click();
    await frame();
  };
  const layer = (): Layer => session.layers.find(({ kind }) => kind === 'clusters')!;
  const button = (id: string) => find(viewer, `#${id}`, HTMLButtonElement);
  const names = () =>
    findAll(viewer, '[aria-label^="Name of cluster"]', HTMLInputElement).map(({ value }) => value);
  return { session, viewer, frame, choose, layer, button, names };
}

describe('clusters in the panel', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('are listed with their names, and closed again', async () => {
    const { viewer, frame, names, button } = await clustered();
    expect(names()).to.deep.equal(['Cluster 1', 'Cluster 2', 'Cluster 3', 'Cluster 4']);
    expect(find(viewer, 'ul[aria-label="Clusters of Clusters (4)"]', HTMLElement).children).to.have.length(4);
    expect(button('list-clusters').getAttribute('aria-expanded')).to.equal('true');
    button('list-clusters').click();
    await frame();
    expect(findAll(viewer, 'alibi-zarr-clusters', HTMLElement)).to.have.length(0);
  });

  it('are merged, two or more, into a layer of its own', async () => {
    const { button, choose, frame, layer, names } = await clustered();
    const before = layer();
    expect(button('merge-clusters').disabled).to.equal(true);
    await choose(2);
    expect(button('merge-clusters').disabled).to.equal(true);
    await choose(4);
    expect(button('cluster-strokes').disabled).to.equal(true);
    button('merge-clusters').click();
    await until(() => layer().id !== before.id);
    await frame();
    expect(names()).to.deep.equal(['Cluster 1', 'Cluster 2 + Cluster 4', 'Cluster 3']);
    expect(layer().fit?.id).not.to.equal(before.fit?.id);
    // What was chosen was of the old ones.
    expect(button('merge-clusters').disabled).to.equal(true);
    expect(button('cluster-strokes').disabled).to.equal(true);
  });

  it('are renamed, and an empty name is the number again', async () => {
    const { viewer, frame, layer, names } = await clustered();
    const rename = async (value: string) => {
      const input = find(viewer, '[aria-label="Name of cluster 3"]', HTMLInputElement);
      input.value = value;
      input.dispatchEvent(new Event('change'));
      await frame();
    };
    await rename(' grains ');
    expect(layer().names.get(3)).to.equal('grains');
    expect(find(viewer, '[aria-label="Choose grains"]', HTMLInputElement).checked).to.equal(false);
    await rename('  ');
    expect(names()[2]).to.equal('Cluster 3');
  });

  it('become strokes of a new class, over what is in view, which one undo takes back', async () => {
    const { session, viewer, button, choose, frame } = await clustered();
    await choose(2);
    press(viewer, '+');
    press(viewer, '+');
    await frame();
    const { state } = viewer;
    const display = state.kind === 'open' ? state.workspace.display : undefined;
    const { area } = display!;
    button('cluster-strokes').click();
    await until(() => session.strokes.length > 0);
    await frame();
    expect(session.classes.map(({ name }) => name)).to.deep.equal(['Cluster 2']);
    expect(session.strokes.length).to.be.within(5, 24);
    for (const { points, z } of session.strokes) {
      const [x = 0, y = 0] = points;
      expect(z).to.equal(display!.state.z);
      expect(x > area!.x0 && x < area!.x1 && y > area!.y0 && y < area!.y1).to.equal(true);
    }
    const note = find(viewer, 'alibi-zarr-clusters', HTMLElement).shadowRoot?.querySelector(
      '[role="status"]',
    );
    expect(note?.textContent).to.equal(`${session.strokes.length} strokes of Cluster 2.`);
    session.undo();
    expect(session.strokes).to.have.length(0);
  });

  it('become strokes of a class that is there', async () => {
    const { session, viewer, button, choose, frame } = await clustered();
    session.addClass({ name: 'matrix', color: 'e69f00' });
    session.addClass({ name: 'pores', color: '56b4e9' });
    await choose(2);
    const select = find(viewer, '[aria-label="Class that the strokes are of"]', HTMLSelectElement);
    select.value = '1';
    select.dispatchEvent(new Event('change'));
    await frame();
    button('cluster-strokes').click();
    await until(() => session.strokes.length > 0);
    expect(new Set(session.strokes.map(({ classIndex }) => classIndex))).to.deep.equal(new Set([1]));
    expect(session.classes).to.have.length(2);
  });
});
