/** What Node programs use of alibi-zarr without a browser. */
export { selfTestImage } from '../encoder/self-test-input.ts';
export { planWindows, type WindowGrid } from '../encoder/window-plan.ts';
export { AlibiError, asAlibiError, type ErrorTag, isAbort } from '../errors.ts';
export { main } from './cli.ts';
export type { Io } from './io.ts';
export { type ServeOptions, type StoreServer, serveStore } from './server.ts';
