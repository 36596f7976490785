import { expect } from 'chai';
import { AlibiError } from '../../src/errors.ts';
import type { Session } from '../../src/session-types.ts';
import { Display } from '../../src/ui/display.ts';
import { defineElements } from '../../src/ui/elements.ts';
import type { AlibiZarrPanel } from '../../src/ui/panel-element.ts';
import { fakeSession } from './fake-session.ts';

defineElements();

/** A page that has its own canvas: it owns session and display, the panel gets them. */
async function host(session: Session): Promise<{ panel: AlibiZarrPanel; display: Display }> {
  const panel = document.createElement('alibi-zarr-panel');
  const display = new Display(session.image);
  document.body.append(panel);
  panel.session = session;
  panel.display = display;
  await settled();
  return { panel, display };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));

function find<T extends Element>(panel: AlibiZarrPanel, selector: string, type: { new (): T }): T {
  for (const section of panel.renderRoot.querySelectorAll('*')) {
    const found = section.shadowRoot?.querySelector(selector);
    if (found instanceof type) return found;
  }
  throw new Error(`nothing matches ${selector}`);
}

describe('<alibi-zarr-panel> in a page with its own canvas', () => {
  afterEach(() => {
    for (const panel of document.querySelectorAll('alibi-zarr-panel')) panel.remove();
  });

  it('shows the image it is given, and nothing without one', async () => {
    const session = fakeSession();
    const { panel } = await host(session);
    expect(find(panel, '.name', HTMLElement).textContent).to.equal(session.image.name);
    panel.session = null;
    await settled();
    expect(panel.renderRoot.querySelector('[part=panel]')).to.equal(null);
  });

  it('works on the session and on the display of the page', async () => {
    const session = fakeSession();
    const { panel, display } = await host(session);
    find(panel, '#features', HTMLButtonElement).click();
    await settled();
    expect(session.layers.map(({ kind }) => kind)).to.deep.equal(['pca']);
    find(panel, '#start-classes', HTMLButtonElement).click();
    await settled();
    expect(session.classes).to.have.length(2);
    expect(display.state.tool).to.equal('paint');
    find(panel, '[aria-label="Show Features"]', HTMLButtonElement).click();
    expect(display.layer('pca').visible).to.equal(false);
  });

  it('follows another session, with a display of its own where the page gives none', async () => {
    const { panel } = await host(fakeSession());
    const next = fakeSession();
    panel.session = next;
    panel.display = null;
    await settled();
    find(panel, '#features', HTMLButtonElement).click();
    await settled();
    expect(next.layers).to.have.length(1);
    expect(panel.display).to.be.instanceOf(Display);
  });

  it('is put elsewhere in the page and goes on', async () => {
    const session = fakeSession();
    const { panel } = await host(session);
    const aside = document.createElement('aside');
    document.body.append(aside);
    aside.append(panel);
    await settled();
    await session.clusters({ k: 4 });
    await settled();
    expect(find(panel, '[aria-label="Show Clusters (4)"]', HTMLButtonElement)).to.be.instanceOf(HTMLElement);
    aside.remove();
  });

  it('computes clusters and classes on the level that was chosen', async () => {
    const session = fakeSession();
    const asked: (number | 'auto' | undefined)[] = [];
    const { clusters } = session;
    session.clusters = (options) => {
      asked.push(options.level);
      return clusters(options);
    };
    session.train = async (options) => {
      asked.push(options?.level);
      return null;
    };
    const { panel } = await host(session);
    find(panel, '#cluster', HTMLButtonElement).click();
    await settled();
    const detail = find(panel, '#detail', HTMLSelectElement);
    // 49, 16, 4 and 1 windows of 1.18 s.
    expect([...detail.options].map(({ text }) => text.split(' · ')[1] ?? '')).to.deep.equal([
      '',
      'about 58 s',
      'about 19 s',
      'about 5 s',
      'about 1 s',
    ]);
    detail.value = '2';
    detail.dispatchEvent(new Event('change'));
    await settled();
    find(panel, '#cluster', HTMLButtonElement).click();
    await settled();
    expect(asked).to.deep.equal([undefined, 2, 2]);
  });

  it('says in its dialog why nothing was saved', async () => {
    const session = fakeSession();
    session.save = async () => {
      throw new AlibiError('Conflict', {
        what: 'a label image "kinds" is there already',
        where: 'x/labels/kinds',
        remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
      });
    };
    const { panel } = await host(session);
    const layer = await session.clusters({ k: 3 });
    const failures: AlibiError[] = [];
    panel.addEventListener('az-save-failed', (event) => {
      if (event instanceof CustomEvent) failures.push(event.detail);
    });
    panel.save(layer);
    await settled();
    find(panel, 'dialog .primary', HTMLButtonElement).click();
    await settled();
    const text = find(panel, 'dialog [role=alert]', HTMLElement).textContent ?? '';
    expect(text).to.include('A label image "kinds" is there already');
    expect(text).not.to.include('--');
    expect(failures.map(({ tag }) => tag)).to.deep.equal(['Conflict']);
  });
});
