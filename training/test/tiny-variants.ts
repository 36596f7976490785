import { type AlibiPosition, PAPER, type Position } from '../src/onnx/position.ts';

export const GRIDS = ['5x5', '4x7', '9x3'];
/** Ours. */
export const LOCAL: AlibiPosition = {
  ...PAPER,
  wrap: false,
  normalise: 'scale',
  distanceScale: 5,
  hidePrefix: true,
};

/** One output of the tiny reference: which weights, which position, and the file of answers. */
export interface Variant {
  readonly name: string;
  readonly weights: string;
  readonly expected: string;
  readonly position: Position;
}

export const VARIANTS: readonly Variant[] = [
  { name: 'base', weights: 'dinov2_base.timm.pth', expected: 'expected', position: { kind: 'learned' } },
  { name: 'nope', weights: 'alibi.timm.pth', expected: 'expected', position: { kind: 'none' } },
  { name: 'alibi', weights: 'alibi.timm.pth', expected: 'expected', position: PAPER },
  { name: 'alibi', weights: 'dinov2_base.timm.safetensors', expected: 'expected', position: PAPER },
  {
    name: 'alibi_nowrap',
    weights: 'alibi.timm.pth',
    expected: 'expected',
    position: { ...PAPER, wrap: false },
  },
  {
    name: 'alibi_nonorm',
    weights: 'alibi.timm.pth',
    expected: 'expected',
    position: { ...PAPER, normalise: 'none' },
  },
  {
    name: 'alibi_manhattan',
    weights: 'alibi.timm.pth',
    expected: 'expected',
    position: { ...PAPER, metric: 'manhattan' },
  },
  {
    name: 'alibi_fixed_slopes',
    weights: 'alibi.timm.pth',
    expected: 'expected',
    position: { ...PAPER, slopes: 'fixed' },
  },
  {
    name: 'alibi_learned',
    weights: 'alibi_learned.timm.pth',
    expected: 'learned_expected',
    position: { ...PAPER, slopes: 'learned' },
  },
  { name: 'alibi_local', weights: 'alibi.timm.pth', expected: 'local_expected', position: LOCAL },
  {
    name: 'alibi_local_r2',
    weights: 'alibi.timm.pth',
    expected: 'local_expected',
    position: { ...LOCAL, attentionRadius: 2 },
  },
];
