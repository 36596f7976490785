import { describe, expect, it } from 'vitest';
import { positionText } from '../../src/bench/position-text.ts';

describe('positionText', () => {
  const paper = {
    kind: 'alibi',
    metric: 'euclidean',
    wrap: true,
    normalise: 'window',
    distanceScale: null,
    attentionRadius: null,
    hidePrefix: false,
    slopes: 'constant',
  } as const;
  const local = { ...paper, wrap: false, normalise: 'scale', distanceScale: 5, hidePrefix: true } as const;
  it.each([
    [paper, 'ALiBi on the torus'],
    [local, 'local ALiBi'],
    [{ ...local, attentionRadius: 8 }, 'local ALiBi, radius 8'],
    [{ ...local, hidePrefix: false }, 'local ALiBi, CLS read'],
    [{ ...paper, wrap: false }, 'ALiBi without torus'],
    [
      { ...paper, metric: 'manhattan' as const, slopes: 'learned' as const, normalise: 'none' as const },
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
