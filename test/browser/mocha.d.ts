// What web-test-runner's mocha puts on the page, as far as our browser tests use it. Tests under Node import theirs
// from vitest and never see these.

type TestBody = (this: { timeout(ms: number): void; skip(): never }) => void | Promise<void>;

declare const describe: {
  (name: string, body: () => void): void;
  skip(name: string, body: () => void): void;
};
declare const it: {
  (name: string, body?: TestBody): { timeout(ms: number): void };
  skip(name: string, body?: TestBody): void;
};
declare function before(body: TestBody): void;
declare function beforeEach(body: TestBody): void;
declare function after(body: TestBody): void;
declare function afterEach(body: TestBody): void;
