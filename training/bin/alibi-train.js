#!/usr/bin/env node
// The compiled command line; `npm run build` makes it.
import { existsSync } from 'node:fs';

const entry = new URL('../dist/cli.js', import.meta.url);
if (existsSync(entry)) {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  console.error(`alibi-train: ${entry.pathname} is missing. Run "npm run build" in the repository first.`);
  process.exitCode = 2;
}
