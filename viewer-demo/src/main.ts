import 'alibi-zarr/define';
import type { Source } from 'alibi-zarr';
import { onDrop } from './drop.ts';
import { fetchSamples, type Sample } from './samples.ts';

declare const __DEFAULT_MODEL__: string | null;

const viewer = element('viewer', HTMLElement) as HTMLElementTagNameMap['alibi-zarr-viewer']; // defined by the import above
const url = element('url', HTMLInputElement);
const samplesList = element('samples', HTMLSelectElement);
const fileInput = element('file-input', HTMLInputElement);

const query = new URLSearchParams(location.search);
const model = query.get('model') ?? __DEFAULT_MODEL__;
viewer.model = model === null || model === 'none' ? null : new URL(model, document.baseURI).href;

/** Show an image by its address, which becomes the page's. */
function openUrl(address: string): void {
  const here = new URL(location.href);
  here.searchParams.set('src', address);
  history.replaceState(null, '', here);
  url.value = address;
  pickSample(address);
  viewer.source = null;
  viewer.src = new URL(address, document.baseURI).href;
}

/** Show something that has no address. */
function openSource(source: Source, name: string): void {
  const here = new URL(location.href);
  here.searchParams.delete('src');
  history.replaceState(null, '', here);
  url.value = name;
  samplesList.value = '';
  viewer.source = source;
}

// An image chosen from a plate has an address of its own: a reload leads to it.
viewer.addEventListener('az-picked', (event) => {
  if (!(event instanceof CustomEvent) || typeof event.detail?.address !== 'string') return;
  const { address } = event.detail;
  const here = new URL(location.href);
  const base = new URL('.', document.baseURI).href;
  url.value = address.startsWith(base) ? address.slice(base.length) : address;
  here.searchParams.set('src', url.value);
  history.replaceState(null, '', here);
});

element('open', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  if (url.value.trim() !== '') openUrl(url.value.trim());
});
samplesList.addEventListener('change', () => {
  if (samplesList.value !== '') openUrl(samplesList.value);
});
const folder = element('folder', HTMLButtonElement);
folder.hidden = window.showDirectoryPicker === undefined;
folder.addEventListener('click', async () => {
  // Rejects when the person closes the picker: nothing to do then.
  const handle = await window
    .showDirectoryPicker?.({ id: 'alibi-zarr-image', mode: 'readwrite' })
    .catch(() => undefined);
  if (handle !== undefined) openSource(handle, handle.name);
});
element('file', HTMLButtonElement).addEventListener('click', () => fileInput.click());
fileInput.addEventListener('change', () => {
  const file = fileInput.files?.[0];
  if (file !== undefined) openSource(file, file.name);
});
onDrop(element('drop', HTMLElement), openSource);

function pickSample(address: string): void {
  const isListed = [...samplesList.options].some((option) => option.value === address);
  samplesList.value = isListed ? address : '';
}

function showSamples(samples: readonly Sample[]): void {
  const cards = element('cards', HTMLUListElement);
  element('no-samples', HTMLElement).hidden = samples.length > 0;
  for (const { title, address, description } of samples) {
    samplesList.append(new Option(title, address));
    const card = document.createElement('button');
    card.className = 'card';
    const name = document.createElement('b');
    name.textContent = title;
    const text = document.createElement('span');
    text.textContent = description;
    card.append(name, text);
    card.addEventListener('click', () => openUrl(address));
    const item = document.createElement('li');
    item.append(card);
    cards.append(item);
  }
  pickSample(url.value);
}

const src = query.get('src');
if (src !== null) openUrl(src);
showSamples(await fetchSamples());

function element<T extends HTMLElement>(id: string, type: { new (): T }): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`index.html has no #${id}`);
}
