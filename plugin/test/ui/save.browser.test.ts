import { expect } from 'chai';
import { AlibiError } from '../../src/errors.ts';
import type { SaveOptions } from '../../src/session-types.ts';
import { defineElements } from '../../src/ui/elements.ts';
import type { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';
import { fakeSession } from './fake-session.ts';
import { find, findAll, show, until } from './viewer-page.ts';

defineElements();

type Asked = Pick<SaveOptions, 'name' | 'overwrite' | 'resume'>;

/** The dialog of a save that fails with each of `failures` in turn, and then succeeds; `asked` and `versions` are what it asks of the session. */
async function dialogOf(
  ...failures: AlibiError[]
): Promise<{ viewer: AlibiZarrViewer; asked: Asked[]; versions: SaveOptions['version'][] }> {
  const session = fakeSession();
  const asked: Asked[] = [];
  const versions: SaveOptions['version'][] = [];
  const { save } = session;
  session.save = async (layer, options) => {
    const { name, overwrite, resume } = options;
    asked.push({ name, overwrite: overwrite ?? false, resume: resume ?? false });
    versions.push(options.version);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return save(layer, options);
  };
  const viewer = await show(async () => session);
  await session.clusters({ k: 3 });
  await until(() => findAll(viewer, '[aria-label="Save Clusters (3)"]', HTMLButtonElement).length === 1);
  find(viewer, '[aria-label="Save Clusters (3)"]', HTMLButtonElement).click();
  await until(() => findAll(viewer, 'dialog #name', HTMLInputElement).length === 1);
  return { viewer, asked, versions };
}

function type(viewer: AlibiZarrViewer, name: string): void {
  const input = find(viewer, '#name', HTMLInputElement);
  input.value = name;
  input.dispatchEvent(new Event('input'));
}

const click = (viewer: AlibiZarrViewer, selector: string) => find(viewer, selector, HTMLElement).click();

/** @param n  saves that have been asked for by then */
async function submit(viewer: AlibiZarrViewer, asked: readonly Asked[], n: number): Promise<void> {
  click(viewer, 'dialog .primary');
  await until(() => asked.length === n);
}

/** As a save into a folder fails that was interrupted before. */
function interrupted(taken: boolean): AlibiError {
  return new AlibiError('Conflict', {
    what: 'an interrupted save of these labels is there',
    where: 'labels/cells',
    remedy: 'Continue it (--resume), or throw it away and start anew (--overwrite).',
    data: { unfinished: { started: '2026-11-25T10:00:00.000Z', done: 12, total: 38 }, taken },
  });
}

const inAFolder = '[name=target][value=folder]';

describe('the save dialog', () => {
  const picker = window.showDirectoryPicker;
  beforeEach(() => {
    window.showDirectoryPicker = () => navigator.storage.getDirectory();
  });
  afterEach(() => {
    if (picker !== undefined) window.showDirectoryPicker = picker;
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('says before what will be written, and afterwards what was', async () => {
    const { viewer, asked } = await dialogOf();
    await until(() => findAll(viewer, 'dialog .plan', HTMLElement).length === 1);
    const plan = find(viewer, 'dialog .plan', HTMLElement).textContent;
    expect(plan).to.equal(
      'OME-Zarr 0.5 · 512 × 512 (y, x) uint8 · 1 level · chunks of 256 × 256, zstd · hardly more than 26.0 kB, at most 4 objects',
    );
    await submit(viewer, asked, 1);
    await until(() => viewer.messages.length === 1);
    const told = findAll(viewer, '*', HTMLElement).map(({ textContent }) => textContent ?? '');
    expect(told.join()).to.match(
      /16 objects, 84\.0 kB in 1\.9 s · valid OME-Zarr · compared for changes by others .* · .*\/labels\/clusters-3/,
    );
  });

  it('says how far it is in chunks and bytes, pauses and goes on', async () => {
    const session = fakeSession();
    const { save } = session;
    let isHeld = false;
    session.save = async (layer, options) => {
      options.onProgress?.({ done: 3, total: 10, bytes: 84_000, etaMs: 5000 });
      // Somebody presses Pause before the fourth chunk.
      await until(() => options.pause?.isPaused === true);
      isHeld = true;
      await options.pause?.passed(options.signal);
      isHeld = false;
      return save(layer, options);
    };
    const viewer = await show(async () => session);
    await session.clusters({ k: 3 });
    await until(() => findAll(viewer, '[aria-label="Save Clusters (3)"]', HTMLButtonElement).length === 1);
    click(viewer, '[aria-label="Save Clusters (3)"]');
    await until(() => findAll(viewer, 'dialog #name', HTMLInputElement).length === 1);
    click(viewer, 'dialog .primary');
    await until(() => findAll(viewer, 'dialog #pause', HTMLButtonElement).length === 1);
    const status = () => find(viewer, 'dialog [role=status] span', HTMLElement).textContent;
    const button = () => find(viewer, 'dialog #pause', HTMLButtonElement).textContent;
    expect(status()).to.equal('3 of 10 chunks · 84.0 kB stored · about 5 s left');
    expect(button()).to.equal('Pause');
    click(viewer, 'dialog #pause');
    await until(() => isHeld && button() === 'Resume');
    expect(status()).to.equal('3 of 10 chunks · 84.0 kB stored · paused');
    click(viewer, 'dialog #pause');
    await until(() => viewer.messages.length === 1);
    expect(isHeld).to.equal(false);
  });

  it('can be cancelled while it is paused, and asks again', async () => {
    const session = fakeSession();
    session.save = async (_layer, options) => {
      options.onProgress?.({ done: 3, total: 10, bytes: 84_000 });
      await until(() => options.pause?.isPaused === true);
      await options.pause?.passed(options.signal);
      throw new Error('nobody has resumed it');
    };
    const viewer = await show(async () => session);
    await session.clusters({ k: 3 });
    await until(() => findAll(viewer, '[aria-label="Save Clusters (3)"]', HTMLButtonElement).length === 1);
    click(viewer, '[aria-label="Save Clusters (3)"]');
    await until(() => findAll(viewer, 'dialog #name', HTMLInputElement).length === 1);
    click(viewer, 'dialog .primary');
    await until(() => findAll(viewer, 'dialog #pause', HTMLButtonElement).length === 1);
    click(viewer, 'dialog #pause');
    const cancel = findAll(viewer, 'dialog .actions button', HTMLButtonElement).find(
      ({ textContent }) => textContent === 'Cancel',
    );
    cancel?.click();
    await until(() => findAll(viewer, 'dialog #name', HTMLInputElement).length === 1);
    expect(findAll(viewer, 'dialog [role=alert]', HTMLElement)).to.have.length(0);
  });

  it('offers to continue what only the failure tells of, and then does', async () => {
    const { viewer, asked } = await dialogOf(interrupted(false));
    click(viewer, inAFolder);
    await submit(viewer, asked, 1);
    await until(() => findAll(viewer, 'dialog #resume', HTMLInputElement).length === 1);
    const text = find(viewer, 'dialog form', HTMLElement).textContent;
    expect(text).to.include('12 of 38 chunks are done').and.include('otherwise it is thrown away');
    expect(text).not.to.include('--');
    await submit(viewer, asked, 2);
    expect(asked[1]).to.deep.equal({ name: 'clusters-3', overwrite: false, resume: true });
  });

  it('throws away what is not to be continued, but never labels that are there besides', async () => {
    for (const taken of [false, true]) {
      const { viewer, asked } = await dialogOf(interrupted(taken), interrupted(taken));
      click(viewer, inAFolder);
      await submit(viewer, asked, 1);
      await until(() => findAll(viewer, 'dialog #resume', HTMLInputElement).length === 1);
      click(viewer, 'dialog #resume');
      await submit(viewer, asked, 2);
      expect(asked[1]).to.deep.equal({ name: 'clusters-3', overwrite: !taken, resume: false });
      await until(() => findAll(viewer, 'dialog #overwrite', HTMLInputElement).length === 1);
      click(viewer, 'dialog #overwrite');
      await submit(viewer, asked, 3);
      expect(asked[2]).to.deep.equal({ name: 'clusters-3', overwrite: true, resume: false });
      viewer.remove();
    }
  });

  it('takes leave to replace for the name and the place it was given for', async () => {
    const { viewer, asked } = await dialogOf(interrupted(true));
    click(viewer, inAFolder);
    await submit(viewer, asked, 1);
    await until(() => findAll(viewer, 'dialog #overwrite', HTMLInputElement).length === 1);
    click(viewer, 'dialog #overwrite');
    type(viewer, 'others');
    await until(() => findAll(viewer, 'dialog [role=alert]', HTMLElement).length === 0);
    expect(findAll(viewer, 'dialog #resume', HTMLInputElement)).to.have.length(0);
    await submit(viewer, asked, 2);
    expect(asked[1]).to.deep.equal({ name: 'others', overwrite: false, resume: false });
  });

  it('saves into the browser in the version of the image, whatever was chosen for a folder', async () => {
    const { viewer, versions } = await dialogOf();
    click(viewer, inAFolder);
    const select = 'dialog details select';
    await until(() => findAll(viewer, select, HTMLSelectElement).length === 3);
    const version = find(viewer, select, HTMLSelectElement);
    version.value = '0.4';
    version.dispatchEvent(new Event('change'));
    click(viewer, '[name=target][value=browser]');
    // Shards and compression are left to choose.
    await until(() => findAll(viewer, select, HTMLSelectElement).length === 2);
    click(viewer, 'dialog .primary');
    await until(() => versions.length === 1);
    expect(versions).to.deep.equal(['0.5']);
  });
});
