import { RELATIVE_TIME } from 'alibi-zarr/checkpoint';
import type { QuantizeOutput } from 'alibi-zarr-schemas';
import type { Measured } from '../manifest.ts';

type GraphOutcome = QuantizeOutput['graphs'][number];

/** What a manifest's `measured` says of one precision. A figure that is not finite is left out: the self-test's says so. */
export function figuresOf(
  graph: Omit<GraphOutcome, 'path'>,
  o: { readonly command: string; readonly images: string },
): Measured[] {
  const { precision, outcome, tolerance, selfTest, features, speed } = graph;
  const common = { command: o.command, precision };
  const verdict = {
    admitted: `within ${tolerance}`,
    'kept-out': `above ${tolerance}: kept out`,
    forced: 'above the limit of its precision: listed by force, runs only when asked for',
  }[outcome];
  const emulated =
    precision === 'fp16-arithmetic'
      ? '; float16 is emulated on this provider, a graphics device rounds more'
      : '';
  const figures: (Measured | null)[] = [
    ...selfTest.map(({ provider, relativeError }) =>
      figure('self-test relative error', relativeError, {
        ...common,
        provider,
        note: `${verdict}${emulated}`,
      }),
    ),
    figure('feature cosine to fp32, mean', features.cosineMean, { ...common, note: o.images }),
    figure('feature cosine to fp32, lowest token', features.cosineMin, { ...common, note: o.images }),
    figure('feature relative error to fp32', features.relativeError, { ...common, note: o.images }),
    figure('PCA agreement with fp32', features.pcaAgreement, {
      ...common,
      note: `root mean square cosine of the principal angles of three components; ${o.images}`,
    }),
    ...speed.map(({ provider, relativeTime }) =>
      figure(RELATIVE_TIME, relativeTime, {
        ...common,
        provider,
        note: `medians of a window, run by turns${provider === 'wasm' ? '; one thread, in Node' : ''}`,
      }),
    ),
  ];
  return figures.filter((entry) => entry !== null);
}

function figure(name: string, value: number | null, rest: Omit<Measured, 'name' | 'value'>): Measured | null {
  if (value === null || !Number.isFinite(value)) return null;
  return { name, value: Number(value.toPrecision(5)), ...rest };
}
