import { expect } from 'chai';
import { defineElements } from '../../src/ui/elements.ts';
import { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';
import { fakeSession } from './fake-session.ts';
import { drag, find, findAll, press, show, until } from './viewer-page.ts';

defineElements();

/** Files dropped on the picture. */
function drop(viewer: AlibiZarrViewer, ...files: File[]): boolean {
  const data = new DataTransfer();
  for (const file of files) data.items.add(file);
  const event = new DragEvent('drop', {
    dataTransfer: data,
    bubbles: true,
    composed: true,
    cancelable: true,
  });
  find(viewer, '#strokes', HTMLCanvasElement).dispatchEvent(event);
  return event.defaultPrevented;
}

const file = (name: string, content: unknown) =>
  new File([typeof content === 'string' ? content : JSON.stringify(content)], name);

/** What a click on a button downloads. */
async function downloaded(button: HTMLButtonElement): Promise<{ name: string; text: string }> {
  const made: { name: string; blob: Blob }[] = [];
  const { createObjectURL } = URL;
  const { click } = HTMLAnchorElement.prototype;
  let last: Blob | null = null;
  URL.createObjectURL = (blob: Blob) => {
    last = blob;
    return createObjectURL(blob);
  };
  HTMLAnchorElement.prototype.click = function () {
    if (last !== null) made.push({ name: this.download, blob: last });
  };
  try {
    button.click();
    await until(() => made.length === 1);
  } finally {
    URL.createObjectURL = createObjectURL;
    HTMLAnchorElement.prototype.click = click;
  }
  return { name: made[0]?.name ?? '', text: (await made[0]?.blob.text()) ?? '' };
}

describe('files in the viewer', () => {
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  async function painted() {
    const session = fakeSession();
    const viewer = await show(async () => session);
    press(viewer, 'm');
    press(viewer, 'm');
    await until(() => session.classes.length === 2 && viewer.camera !== null);
    drag(viewer, [200, 150], [260, 180]);
    await viewer.updateComplete;
    return { session, viewer };
  }
  const button = (viewer: AlibiZarrViewer, selector: string) => find(viewer, selector, HTMLButtonElement);

  it('give strokes out as GeoJSON and take them in by a drop, with what was left out', async () => {
    const { session, viewer } = await painted();
    const first = session.strokes.map(({ id: _, ...stroke }) => stroke);
    const { name, text } = await downloaded(button(viewer, '#export-geojson'));
    expect(name).to.match(/^[\w.°-]+\.geojson$/u);
    session.clearStrokes();
    const parsed = JSON.parse(text);
    parsed.features.push({ ...parsed.features[0], properties: {} });
    expect(drop(viewer, file('strokes.geojson', parsed))).to.equal(true);
    await until(() => viewer.messages.length === 1);
    expect(session.strokes.map(({ id: _, ...stroke }) => stroke)).to.deep.equal(first);
    expect(viewer.messages[0]).to.deep.include({
      kind: 'done',
      title: 'Added strokes.geojson',
      text: '1 stroke; 1 left out: it has no class',
    });
  });

  it('leave images to the page, and say once what is wrong with a file of theirs', async () => {
    const { session, viewer } = await painted();
    expect(drop(viewer, file('image.zip', 'x'))).to.equal(false);
    drop(viewer, file('<b>bad</b>.json', '{'), file('other.json', { type: 'Topology' }));
    await until(() => viewer.messages.length === 2);
    const texts = viewer.messages.map((message) =>
      message.kind === 'error' ? `${message.error.what} ${message.error.where} ${message.count}` : '',
    );
    expect(texts[0]).to.equal('it is no JSON <b>bad</b>.json 1');
    expect(texts[1]).to.match(/no GeoJSON with features other\.json 1/);
    expect(session.strokes).to.have.length(1);
    await viewer.updateComplete;
    expect(find(viewer, '.message .where', HTMLElement).querySelector('b')).to.equal(null);
  });

  it('put the image and its strokes into a project, and give it out', async () => {
    const { viewer } = await painted();
    button(viewer, '#add-to-project').click();
    await until(() => findAll(viewer, '#save-project', HTMLButtonElement).length === 1);
    const { name, text } = await downloaded(button(viewer, '#save-project'));
    expect(name).to.equal('project.json');
    const project = JSON.parse(text);
    expect(project.images).to.have.length(1);
    expect(project.images[0].strokes).to.have.length(1);
    button(viewer, '#close-project').click();
    await until(() => findAll(viewer, '#save-project', HTMLButtonElement).length === 0);
  });

  it('take the project along to the next image, which says what the classifier has learned from', async () => {
    const { session, viewer } = await painted();
    button(viewer, '#add-to-project').click();
    const other = fakeSession();
    // The same image by another address.
    Object.assign(other.image, { location: 'http://localhost/other.zarr' });
    AlibiZarrViewer.opener = async () => other;
    viewer.src = 'http://localhost/other.zarr';
    await until(() => viewer.session === other && viewer.camera !== null);
    await viewer.updateComplete;
    expect(other.classes).to.deep.equal(session.classes);
    press(viewer, 'p');
    drag(viewer, [200, 150], [260, 180]);
    drag(viewer, [300, 150], [260, 180]);
    const items = () =>
      findAll(viewer, '[aria-label="Images of the project"] li', HTMLLIElement).map(({ textContent }) =>
        (textContent ?? '').replace(/\s+/g, ' ').trim(),
      );
    await until(() => items().length === 2);
    expect(items()[0]).to.match(/sample\.zarr 1 stroke, not learned yet/);
    expect(items()[1]).to.match(/other\.zarr 2 strokes, not learned yet/);
    expect(find(viewer, '#learned-from', HTMLElement).textContent).to.match(/none of its images yet/);
  });

  it('open a project and find the strokes of the image in it', async () => {
    const { session, viewer } = await painted();
    const project = session.addToProject(null);
    session.clearStrokes();
    drop(viewer, file('p.json', { ...project, classifier: 'c.json' }));
    await until(() => viewer.messages.length === 1);
    expect(session.strokes).to.have.length(1);
    expect(viewer.messages[0]).to.deep.include({
      kind: 'done',
      text: '1 stroke on this image. To apply its classifier, open c.json too.',
    });
  });
});
