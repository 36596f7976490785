import type { HomogeneityResult } from 'alibi-zarr-schemas';
import { cloudImage } from '../maps/cloud-image.ts';
import { colourBar } from '../maps/colour-bar.ts';
import { colourImage, greyImage, heatImage, labelImage, mapValues } from '../maps/map-image.ts';
import { type MapCell, mapTable } from '../maps/map-table.ts';
import { html, type Markup } from '../markup.ts';
import { groupsOf, type NamedResult, type ResultGroup } from '../named-results.ts';
import { type NumberTable, numbersBelow } from '../number-table.ts';
import { counted, fixedText } from '../number-text.ts';
import type { ReportFigure } from '../report-figure.ts';
import { commandsOf, type DrawContext } from './draw-context.ts';

type Homogeneity = NamedResult<HomogeneityResult>;
type Image = HomogeneityResult['images'][number];

/** Images of figure 5: its pictures are large, and figure 6 has all of them. */
const CLOUD_IMAGES = 2;
const AZIMUTHS = [20, 65, 110] as const;

const SHARE =
  'The number below is the share of the map that is position: the adjusted R² of a polynomial of second degree over the image, 0 for none.';

/** The paper's figures 5 to 8, of images that look the same everywhere: whatever varies in the maps is position. */
export function homogeneityFigures(context: DrawContext): ReportFigure[] {
  const { results, checkpoints } = context;
  const groups = groupsOf(results, 'alibi-train/homogeneity/1');
  const run = `alibi-train bench homogeneity ${checkpoints} IMAGE.png... --out homogeneity.json`;
  const figure = (
    o: Pick<ReportFigure, 'id' | 'name' | 'title' | 'reading'>,
    draw: (group: ResultGroup<HomogeneityResult>, id: string) => Markup,
  ): ReportFigure => ({
    ...o,
    run,
    groups: groups.map((group, g) => ({
      settings: group.settings,
      content: draw(group, `${o.id}-${g}`),
      commands: commandsOf(group),
    })),
  });
  return [
    figure(
      {
        id: 'figure-5',
        name: 'Figure 5',
        title: 'Tokens in the space of their first three principal components',
        reading:
          'Every dot is a token, in the colour it has in the map beside it. Tokens of an image that is the same everywhere should be one heap; a sheet with its colours in order is the image plane itself. Components are cut at their 1st and 99th percentiles; below the map, their share of the variance.',
      },
      clouds,
    ),
    figure(
      {
        id: 'figure-6',
        name: 'Figure 6',
        title: 'Principal components of features as red, green and blue',
        reading: `Colours that run across an image which does not change are position. ${SHARE} (Mean of the three components, weighted by their variance.)`,
      },
      components,
    ),
    figure(
      {
        id: 'figure-7',
        name: 'Figure 7',
        title: 'Cosine similarity of every token to one',
        reading: `The token is ringed: the one in the middle, and the first. Without position everything of the same texture is alike, wherever it lies. One range of colours for all. ${SHARE}`,
      },
      similarities,
    ),
    figure(
      {
        id: 'figure-8',
        name: 'Figure 8',
        title: 'k-means clusters of tokens',
        reading: `Clusters should follow the texture and lie everywhere; halves, quarters and rings are position. Colours are by the number of tokens in each image, so that they do not correspond between maps. ${SHARE}`,
      },
      clusters,
    ),
  ];
}

function clouds({ results }: ResultGroup<HomogeneityResult>): Markup {
  const names = imageNames(results);
  const shown = names.slice(0, CLOUD_IMAGES);
  const tables = shown.map((name) =>
    mapTable({
      caption: name,
      columns: ['components', ...AZIMUTHS.map((azimuth) => `seen from ${azimuth}°`)],
      rows: results.map(({ label, result }) => {
        const image = imageOf(result, name);
        if (image === undefined) return { name: label, cells: [null, ...AZIMUTHS.map(() => null)] };
        const { maps, variance } = image.pca;
        const explained = variance.reduce((sum, share) => sum + share, 0);
        return {
          name: label,
          cells: [
            {
              image: colourImage(maps),
              alt: `First three principal components of ${name} by ${label}`,
              text: `${fixedText(100 * explained, 0)} %`,
            },
            ...AZIMUTHS.map((azimuth) => ({
              image: cloudImage(maps, azimuth),
              alt: `Tokens of ${name} by ${label} in the space of three components, seen from ${azimuth} degrees`,
            })),
          ],
        };
      }),
    }),
  );
  const left = names.length - shown.length;
  return html`<div class="row">${tables}</div>${left > 0 ? html`<p class="missing">The first ${counted(shown.length, 'image')} of ${names.length}; figure 6 has all.</p>` : null}`;
}

function components(group: ResultGroup<HomogeneityResult>): Markup {
  const names = imageNames(group.results);
  const table = mapTable({
    caption: 'The image and its first three principal components',
    columns: names,
    rows: [
      pictures(
        group.results,
        names.map((name) => ({ name })),
      ),
      ...group.results.map(({ label, result }) => ({
        name: label,
        cells: names.map((name): MapCell | null => {
          const pca = imageOf(result, name)?.pca;
          if (pca === undefined) return null;
          const alt = `First three principal components of ${name} by ${label} as colours`;
          return { image: colourImage(pca.maps), alt, text: fixedText(pca.gradient, 2) };
        }),
      })),
    ],
  });
  return html`${table}${numbersBelow({
    caption: 'Share of position in the first three components, weighted by variance',
    columns: ['checkpoint', ...names],
    rows: group.results.map(({ label, result }) => [
      label,
      ...names.map((name) => imageOf(result, name)?.pca.gradient ?? null),
    ]),
  })}`;
}

function similarities({ results }: ResultGroup<HomogeneityResult>, id: string): Markup {
  const names = imageNames(results);
  const columns = names.flatMap((name) => (['centre', 'corner'] as const).map((to) => ({ name, to })));
  const range = similarityRange(results);
  const table = mapTable({
    caption: 'Cosine similarity to the ringed token',
    columns: columns.map(({ name, to }) => `${name}, ${to}`),
    rows: [
      pictures(results, columns),
      ...results.map(({ label, result }) => ({
        name: label,
        cells: columns.map(({ name, to }): MapCell | null => {
          const found = imageOf(result, name)?.similarity.find((one) => one.to === to);
          if (found === undefined) return null;
          return {
            image: heatImage(found.map, range),
            alt: `Similarity of ${name} by ${label} to the token in the ${to}: mean ${fixedText(found.mean, 2)}, deviation ${fixedText(found.deviation, 2)}`,
            text: fixedText(found.position, 2),
            mark: { row: found.row, col: found.col },
          };
        }),
      })),
    ],
  });
  const numbers = (caption: string, pick: (one: Image['similarity'][number]) => number): NumberTable => ({
    caption,
    columns: ['checkpoint', ...columns.map(({ name, to }) => `${name}, ${to}`)],
    rows: results.map(({ label, result }) => [
      label,
      ...columns.map(({ name, to }) => {
        const found = imageOf(result, name)?.similarity.find((one) => one.to === to);
        return found === undefined ? null : pick(found);
      }),
    ]),
  });
  return html`${table}${colourBar(`${id}-bar`, { label: 'cosine similarity', range })}${numbersBelow(
    numbers('Share of position', ({ position }) => position),
    numbers('Mean of the map, near tokens left out', ({ mean }) => mean),
    numbers('Deviation of the map, near tokens left out', ({ deviation }) => deviation),
  )}`;
}

function clusters({ results }: ResultGroup<HomogeneityResult>): Markup {
  const names = imageNames(results);
  const ks = [
    ...new Set(
      results.flatMap(({ result }) => result.images.flatMap((image) => image.clusters.map(({ k }) => k))),
    ),
  ];
  const columns = ks.flatMap((k) => names.map((name) => ({ name, k })));
  const titles = columns.map(({ name, k }) => `${name}, k\u00a0=\u00a0${k}`);
  const found = (result: HomogeneityResult, { name, k }: { name: string; k: number }) =>
    imageOf(result, name)?.clusters.find((one) => one.k === k);
  const table = mapTable({
    caption: 'Clusters of tokens',
    columns: titles,
    rows: [
      pictures(results, columns),
      ...results.map(({ label, result }) => ({
        name: label,
        cells: columns.map((column): MapCell | null => {
          const one = found(result, column);
          if (one === undefined) return null;
          const alt = `${column.k} clusters of ${column.name} by ${label}`;
          return { image: labelImage(one.map), alt, text: fixedText(one.position, 2) };
        }),
      })),
    ],
  });
  const numbers = (caption: string, pick: (one: Image['clusters'][number]) => number): NumberTable => ({
    caption,
    columns: ['checkpoint', ...titles],
    rows: results.map(({ label, result }) => [
      label,
      ...columns.map((column) => {
        const one = found(result, column);
        return one === undefined ? null : pick(one);
      }),
    ]),
  });
  return html`${table}${numbersBelow(
    numbers('Share of position', ({ position }) => position),
    numbers(
      'Mutual information of cluster and place, a grid of 4×4 cells, over the entropy of clusters',
      ({ information }) => information,
    ),
  )}`;
}

function pictures(
  results: readonly Homogeneity[],
  columns: readonly { readonly name: string }[],
): { name: string; cells: (MapCell | null)[] } {
  return {
    name: 'image',
    cells: columns.map(({ name }) => {
      const image = results.map(({ result }) => imageOf(result, name)).find((one) => one !== undefined);
      return image === undefined ? null : { image: greyImage(image.image), alt: `The image ${name}` };
    }),
  };
}

/** From a little below nearly all values to 1: a few outliers would leave all others one colour. */
function similarityRange(results: readonly Homogeneity[]): [number, number] {
  const values = results
    .flatMap(({ result }) =>
      result.images.flatMap(({ similarity }) => similarity.map(({ map }) => mapValues(map))),
    )
    .flatMap((map) => [...map])
    .sort((a, b) => a - b);
  const low = values[Math.floor(values.length * 0.02)] ?? 0;
  return [Math.min(0.95, Math.floor(low * 20) / 20), 1];
}

function imageNames(results: readonly Homogeneity[]): string[] {
  return [...new Set(results.flatMap(({ result }) => result.images.map(({ name }) => name)))];
}

function imageOf(result: HomogeneityResult, name: string): Image | undefined {
  return result.images.find((image) => image.name === name);
}
