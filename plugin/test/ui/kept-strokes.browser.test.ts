import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import type { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';
import { fakeSession } from './fake-session.ts';
import { drag, find, press, show, until } from './viewer-page.ts';

defineElements();

const folder = 'alibi-zarr-strokes';

async function keptFiles(): Promise<FileSystemFileHandle[]> {
  const root = await navigator.storage.getDirectory();
  const files: FileSystemFileHandle[] = [];
  const own = await root.getDirectoryHandle(folder, { create: true });
  for await (const entry of own.values()) {
    if (entry instanceof FileSystemFileHandle && entry.name.endsWith('.json')) files.push(entry);
  }
  return files;
}

/** Close the image; what it still writes is written. */
async function leave(viewer: AlibiZarrViewer): Promise<void> {
  const { state } = viewer;
  viewer.remove();
  if (state.kind === 'open') await state.workspace.keeper.close();
}

async function clearStorage(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(folder, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
  });
}

async function untilFiles(count: number): Promise<FileSystemFileHandle[]> {
  const end = performance.now() + 15_000;
  for (;;) {
    const files = await keptFiles();
    if (files.length === count) return files;
    if (performance.now() > end) throw new Error(`${files.length} files, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether an element is in the page now, through all shadow roots. */
function isShown(viewer: AlibiZarrViewer, selector: string): boolean {
  try {
    return find(viewer, selector, HTMLElement) !== null;
  } catch {
    return false;
  }
}

describe('strokes that were kept', () => {
  beforeEach(clearStorage);
  afterEach(async () => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) await leave(viewer);
    await clearStorage();
  });

  async function visit() {
    const session = fakeSession();
    const viewer = await show(async () => session);
    await until(() => viewer.camera !== null);
    return { session, viewer };
  }
  async function paint(viewer: AlibiZarrViewer) {
    press(viewer, 'm');
    press(viewer, 'm');
    drag(viewer, [200, 150], [260, 180]);
    await viewer.updateComplete;
  }

  it('are offered when the image is opened again, and come back with a click', async () => {
    const first = await visit();
    await paint(first.viewer);
    const painted = first.session.strokes.map(({ id: _, ...stroke }) => stroke);
    expect(painted).to.have.length(1);
    expect(isShown(first.viewer, '#continue-strokes')).to.equal(false);
    await untilFiles(1);
    await leave(first.viewer);
    const { session, viewer } = await visit();
    await until(() => isShown(viewer, '#continue-strokes'));
    expect(session.strokes).to.have.length(0);
    const button = find(viewer, '#continue-strokes', HTMLButtonElement);
    const year = new Date().toLocaleString(undefined, { year: 'numeric' });
    expect(button.textContent?.replace(/\s+/g, ' ').trim()).to.match(
      new RegExp(`^Continue with the stroke from .*${year}`),
    );
    button.click();
    await until(() => session.strokes.length === 1);
    expect(session.strokes.map(({ id: _, ...stroke }) => stroke)).to.deep.equal(painted);
    expect(session.classes.map(({ name }) => name)).to.deep.equal(['Class 1', 'Class 2']);
    await until(() => !isShown(viewer, '#continue-strokes'));
    await untilFiles(1);
  });

  it('and slices found right come back too, also where nothing was painted', async () => {
    const first = await visit();
    press(first.viewer, 'k');
    await untilFiles(1);
    await leave(first.viewer);
    const { session, viewer } = await visit();
    await until(() => isShown(viewer, '#continue-strokes'));
    const button = find(viewer, '#continue-strokes', HTMLButtonElement);
    expect(button.textContent).to.include('Continue with the reviewed slice from');
    button.click();
    await until(() => session.review.slices.length === 1);
    expect(session.review.slices).to.deep.equal(first.session.review.slices);
    await until(() => !isShown(viewer, '#continue-strokes'));
  });

  it('are written at once when the page is hidden', async () => {
    const { viewer } = await visit();
    await paint(viewer);
    window.dispatchEvent(new PageTransitionEvent('pagehide'));
    await untilFiles(1);
  });

  it('are discarded with a click', async () => {
    const first = await visit();
    await paint(first.viewer);
    await untilFiles(1);
    await leave(first.viewer);
    const { session, viewer } = await visit();
    await until(() => isShown(viewer, '#discard-strokes'));
    find(viewer, '#discard-strokes', HTMLButtonElement).click();
    await untilFiles(0);
    await until(() => !isShown(viewer, '#discard-strokes'));
    expect(session.strokes).to.have.length(0);
  });

  it('block nothing where their file is damaged: the viewer says so as text', async () => {
    const first = await visit();
    await paint(first.viewer);
    const [file] = await untilFiles(1);
    await leave(first.viewer);
    const stream = await file!.createWritable();
    await stream.write(
      JSON.stringify({ format: 'alibi-zarr/kept-strokes/1', '<img src=x onerror=alert(1)>': 1 }),
    );
    await stream.close();
    const { session, viewer } = await visit();
    await until(() => isShown(viewer, '.damaged'));
    const notice = find(viewer, '.damaged', HTMLElement);
    expect(notice.textContent).to.include('cannot be read');
    expect(notice.querySelector('img')).to.equal(null);
    expect(viewer.messages).to.have.length(0);
    await paint(viewer);
    expect(session.strokes).to.have.length(1);
    await untilFiles(2);
  });

  it('are not there without storage, which is said where strokes are', async () => {
    const { getDirectory } = StorageManager.prototype;
    StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('denied', 'SecurityError'));
    try {
      const { session, viewer } = await visit();
      expect(isShown(viewer, '#not-kept')).to.equal(false);
      await paint(viewer);
      expect(session.strokes).to.have.length(1);
      await until(() => isShown(viewer, '#not-kept'));
      expect(find(viewer, '#not-kept', HTMLElement).textContent).to.include('when the tab is closed');
      expect(viewer.messages).to.have.length(0);
    } finally {
      StorageManager.prototype.getDirectory = getDirectory;
    }
  });
});
