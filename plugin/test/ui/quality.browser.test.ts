import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import { fakeSession } from './fake-session.ts';
import { find, findAll, show, until } from './viewer-page.ts';

defineElements();

const frame = () => new Promise((resolve) => setTimeout(resolve, 60));

describe('quality', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('shows stroke balance after training, and on demand the score of strokes left out', async () => {
    const session = fakeSession();
    const viewer = await show(async () => session);
    await until(() => viewer.camera !== null);
    const section = find(viewer, 'alibi-zarr-quality', HTMLElement);
    expect(section.hidden).to.equal(true);
    session.addClass({ name: 'matrix', color: 'e69f00' });
    session.addClass({ name: 'pores', color: '56b4e9' });
    for (const classIndex of [0, 1]) {
      session.stroke({ classIndex, radiusPx: 4, points: [10, 10, 60, 60], z: 0, t: 0 });
    }
    await frame();
    expect(section.hidden).to.equal(false);
    find(section, 'details', HTMLDetailsElement).open = true;
    const counts = findAll(section, '.class .count', HTMLElement).map(({ textContent }) => textContent);
    expect(counts).to.deep.equal(['1,200', '90']);
    // 90 is less than a tenth of 1,200.
    expect(find(section, '.warn', HTMLElement).textContent).to.include('pores');
    expect(findAll(section, 'table', HTMLElement)).to.have.length(0);
    find(section, '#check', HTMLInputElement).click();
    await frame();
    expect(session.learning.validation).to.equal('score');
    expect(find(section, 'summary .score', HTMLElement).textContent).to.equal('0.82 IoU');
    const rows = findAll(section, 'tbody tr', HTMLTableRowElement).map(({ cells }) =>
      [...cells].map(({ textContent }) => textContent?.trim()),
    );
    expect(rows).to.deep.equal([
      ['matrix', '90 %', '10 %'],
      ['pores', '10 %', '90 %'],
    ]);
    find(section, '#check', HTMLInputElement).click();
    await frame();
    expect(session.learning.validation).to.equal('none');
    expect(findAll(section, 'table', HTMLElement)).to.have.length(0);
  });

  it('says that it speaks of strokes that have changed since', async () => {
    const session = fakeSession();
    const viewer = await show(async () => session);
    session.addClass({ name: 'a', color: 'e69f00' });
    session.addClass({ name: 'b', color: '56b4e9' });
    for (const classIndex of [0, 1]) {
      session.stroke({ classIndex, radiusPx: 4, points: [10, 10, 60, 60], z: 0, t: 0 });
    }
    const [layer] = session.layers;
    Object.assign(layer ?? {}, { outdated: true });
    session.emit('layers');
    await frame();
    const section = find(viewer, 'alibi-zarr-quality', HTMLElement);
    expect(find(section, '[role=status]', HTMLElement).textContent).to.include('before the last change');
  });
});
