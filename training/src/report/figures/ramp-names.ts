import type { ProbeResult } from 'alibi-zarr-schemas';

export type RampName = ProbeResult['reference']['ramps'][number]['ramp'];

export const RAMPS = ['lr', 'ud', 'diag', 'radial'] as const satisfies readonly RampName[];

export const RAMP_TITLES: Readonly<Record<RampName, string>> = {
  lr: 'left–right',
  ud: 'up–down',
  diag: 'diagonal',
  radial: 'radial',
};
