import { html, nothing } from 'lit';
import type { AlibiError } from '../errors.ts';
import type { Collection, CollectionItem } from './collection.ts';
import { sentence, withoutFlag } from './words.ts';

/** What the viewer shows in the place of an image. */
export const stages = {
  empty: () =>
    html`<div class="stage" part="empty"><slot name="empty"><p class="muted">No image is open.</p></slot></div>`,

  opening: (what: string, cancel: () => void) => html`<div class="stage" role="status">
    <div class="spinner" aria-hidden="true"></div>
    <p class="where">Opening ${what}</p>
    <button @click=${cancel}>Cancel</button>
  </div>`,

  failed: (error: AlibiError, actions: { readonly retry: () => void; readonly back?: () => void }) =>
    html`<div class="stage" role="alert" part="failed">
      <h2>This could not be opened</h2>
      <p class="what">${sentence(error.what)}</p>
      <p class="muted where">${error.where}</p>
      <p class="where">${withoutFlag(error.remedy)}</p>
      <div class="row">
        <button class="primary" @click=${actions.retry}>Try again</button>
        ${actions.back === undefined ? nothing : html`<button @click=${actions.back}>Choose another image</button>`}
        <slot name="failed"></slot>
      </div>
    </div>`,

  choosing: (collection: Collection, pick: (item: CollectionItem) => void) =>
    html`<div class="stage" part="choosing">
      <alibi-zarr-picker
        .collection=${collection}
        @az-pick=${(event: CustomEvent<CollectionItem>) => pick(event.detail)}
      ></alibi-zarr-picker>
    </div>`,
};
