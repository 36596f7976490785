/** What Node programs use of alibi-zarr without a browser. */
export { AlibiError, asAlibiError, type ErrorTag, isAbort } from '../errors.ts';
export {
  groupEntries,
  imageAttributes,
  labelAttributes,
  labelsListing,
  type WritableVersion,
} from '../ome/write.ts';
export { type ArrayWriter, createArrayWriter } from '../stores/array-writer.ts';
export { createNodeStore } from '../stores/node-fs.ts';
export type { WriteStore } from '../stores/store.ts';
export { openZarrArray } from '../stores/zarr-array.ts';
export { main } from './cli.ts';
export type { Io } from './io.ts';
export { openSessionInProcess } from './open-session.ts';
export { type ImageTiles, openTiles, type PixelTile, type TileOptions } from './open-tiles.ts';
export { type ServeOptions, type StoreServer, serveStore } from './server.ts';
