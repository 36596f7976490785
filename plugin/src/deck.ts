/** Layers for a page that draws with deck.gl 9.2; apart, because deck.gl must be on a page only once. */
export { ChunkedImageLayer } from './views/deck/chunked-image-layer.ts';
export { ChunkedOverlayLayer } from './views/deck/chunked-overlay-layer.ts';
export { derivedDrawLevels, imageDrawLevels } from './views/deck/layer-levels.ts';
export { asPixelSource } from './views/deck/pixel-source.ts';
