import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeSession } from './fake-session.ts';
import { find, press, show, until } from './viewer-page.ts';

defineElements();

describe('reviewed slices', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('are marked by button and key, counted, and stepped over', async () => {
    const session = fakeSession();
    const viewer = await show(async () => session);
    await until(() => viewer.camera !== null);
    const text = () => find(viewer, '#reviewed', HTMLElement).textContent;
    const button = (selector: string) => find(viewer, selector, HTMLButtonElement);
    const z = () => viewer.state.kind === 'open' && viewer.state.workspace.display.state.z;
    // Four slices, of which the one in the middle is shown first.
    expect(z()).to.equal(2);
    expect(text()).to.equal('0 of 4 slices reviewed');
    button('#toggle-reviewed').click();
    await until(() => text() === '1 of 4 slices reviewed');
    expect(button('#toggle-reviewed').getAttribute('aria-pressed')).to.equal('true');
    press(viewer, 'j');
    expect(z()).to.equal(3);
    press(viewer, 'k');
    button('#next-unreviewed').click();
    expect(z()).to.equal(0);
    press(viewer, 'k');
    press(viewer, 'j');
    press(viewer, 'k');
    await until(() => text() === '4 of 4 slices reviewed');
    expect(button('#next-unreviewed').disabled).to.equal(true);
    press(viewer, 'k');
    await until(() => text() === '3 of 4 slices reviewed');
    expect(session.review.slices.map((slice) => slice.z)).to.deep.equal([0, 2, 3]);
  });
});
