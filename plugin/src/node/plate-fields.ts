import type { OmeNode } from '../ome/open-node.ts';
import { openWells } from '../ome/plate.ts';
import { type Flags, invalid } from './flags.ts';

/**
 * The images below a plate, a well or a series that `--wells` and `--fields` name, as paths below it; all of them by
 * default. `--wells B/03,C/*`: whole rows with `*`. `--fields 0,2`: of every well; `B/03/1`: that one.
 *
 * @returns  null for what holds no images
 * @throws AlibiError InvalidInput  a well or field that is not there
 */
export async function fieldsOf(
  node: OmeNode,
  flags: Flags,
  command: string,
  signal: AbortSignal,
): Promise<string[] | null> {
  if (node.kind === 'plate') {
    const wells = await openWells(node.plate, { signal });
    const refs = node.plate.wells;
    const chosen = chosenWells(
      refs.map(({ path }) => path),
      flags,
      command,
    );
    const all = wells.flatMap((well, i) =>
      chosen.has(refs[i]!.path) ? well.fields.map(({ path }) => `${refs[i]!.path}/${path}`) : [],
    );
    return chosenFields(all, flags, command);
  }
  if (flags.has('wells'))
    throw invalid('--wells is given', { name: command }, 'Name a plate, or leave --wells out.');
  if (node.kind === 'well')
    return chosenFields(
      node.well.fields.map(({ path }) => path),
      flags,
      command,
    );
  if (node.kind === 'series')
    return chosenFields(
      node.series.images.map(({ path }) => path),
      flags,
      command,
    );
  return null;
}

function chosenWells(all: readonly string[], flags: Flags, command: string): Set<string> {
  const text = flags.text('wells');
  if (text === undefined) return new Set(all);
  const chosen = new Set<string>();
  for (const part of text.split(',').map((item) => item.trim())) {
    const pattern = new RegExp(`^${part.split('*').map(escapePattern).join('[^/]*')}$`);
    const found = all.filter((path) => pattern.test(path));
    if (found.length === 0) {
      throw invalid(`--wells names "${part}"`, { name: command }, `The wells are ${few(all)}.`);
    }
    for (const path of found) chosen.add(path);
  }
  return chosen;
}

function chosenFields(all: readonly string[], flags: Flags, command: string): string[] {
  const text = flags.text('fields');
  if (text === undefined) return [...all];
  const parts = text.split(',').map((item) => item.trim());
  for (const part of parts) {
    if (!all.some((path) => path === part || path.endsWith(`/${part}`))) {
      throw invalid(`--fields names "${part}"`, { name: command }, `The fields are ${few(all)}.`);
    }
  }
  return all.filter((path) =>
    parts.some((part) => path === part || (!part.includes('/') && path.endsWith(`/${part}`))),
  );
}

function escapePattern(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

function few(all: readonly string[]): string {
  const shown = all.slice(0, 8).join(', ');
  return all.length > 8 ? `${shown}, … (${all.length} in all)` : shown;
}
