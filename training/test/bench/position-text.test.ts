import { describe, expect, it } from 'vitest';
import { positionText } from '../../src/bench/position-text.ts';
import { PAPER } from '../../src/onnx/position.ts';
import { LOCAL } from '../tiny-variants.ts';

describe('positionText', () => {
  it.each([
    [PAPER, 'ALiBi on the torus'],
    [LOCAL, 'local ALiBi'],
    [{ ...LOCAL, attentionRadius: 8 }, 'local ALiBi, radius 8'],
    [{ ...LOCAL, hidePrefix: false }, 'local ALiBi, CLS read'],
    [{ ...PAPER, wrap: false }, 'ALiBi without torus'],
    [
      { ...PAPER, metric: 'manhattan' as const, slopes: 'learned' as const, normalise: 'none' as const },
      'ALiBi on the torus, distances in tokens, manhattan, learned slopes',
    ],
  ])('of %j is %s', (position, text) => {
    expect(positionText(position)).toBe(text);
  });

  it('of what is not ALiBi is its kind', () => {
    expect(positionText({ kind: 'learned', trainedGrid: [37, 37] })).toBe('learned');
    expect(positionText({ kind: 'none' })).toBe('none');
  });
});
