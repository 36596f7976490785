import { describe, expect, it } from 'vitest';
import { thinned } from '../../src/report/figures/training-figure.ts';
import { viridis } from '../../src/report/maps/colour-scale.ts';
import { html, visible } from '../../src/report/markup.ts';
import { fixedText, numberText } from '../../src/report/number-text.ts';
import { linearScale, niceDomain } from '../../src/report/svg/scale.ts';

describe('scales', () => {
  it('map a domain onto a range, also turned round, with round ticks', () => {
    const scale = linearScale([0, 1], [200, 100], 5);
    expect([scale(0), scale(0.25), scale(1)]).toEqual([200, 175, 100]);
    expect(scale.ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(scale.decimals).toBe(1);
    expect(linearScale([0, 3e-5], [0, 1], 3).ticks).toEqual([0, 1e-5, 2e-5, 3e-5]);
  });

  it('widen a domain to whole steps, and one value to both sides', () => {
    expect(niceDomain([-0.07, 1])).toEqual([-0.2, 1]);
    expect(niceDomain([0.4], [0])).toEqual([0, 0.4]);
    expect(niceDomain([])).toEqual([0, 1]);
    const [low, high] = niceDomain([4]);
    expect([low < 4, high > 4]).toEqual([true, true]);
    expect(niceDomain([0])).toEqual([-1, 1]);
  });
});

describe('numbers in words', () => {
  it('keep four decimals, and what four would hide', () => {
    expect([0.90274, -0.5, 0, 1.2e-5, 2_500_000].map((value) => numberText(value))).toEqual([
      '0.9027',
      '−0.5',
      '0',
      '1.20e−5',
      '2.50e6',
    ]);
    expect(numberText(null)).toBe('–');
    expect([fixedText(-0.001, 2), fixedText(-0.5, 1)]).toEqual(['0.00', '−0.5']);
  });
});

describe('markup', () => {
  it('escapes what is put in, and not what it made itself', () => {
    expect(String(html`<p title="${'"<&'}">${[html`<b>${'<'}</b>`, 1, null, false]}</p>`)).toBe(
      '<p title="&quot;&lt;&amp;"><b>&lt;</b>1</p>',
    );
  });

  it('shows what cannot be seen', () => {
    expect(visible('a\u0000b\u202ec\ud800d\n')).toBe('a\\u{0}b\\u{202e}c\\u{d800}d\n');
  });
});

it('viridis runs between its ends and keeps to them', () => {
  expect([viridis(-1), viridis(0.5), viridis(2)]).toEqual([
    [0x44, 0x01, 0x54],
    [0x21, 0x91, 0x8c],
    [0xfd, 0xe7, 0x25],
  ]);
});

it('a thinned curve keeps every peak', () => {
  const points = Array.from({ length: 10_000 }, (_, x) => ({
    x,
    y: x === 4321 ? 99 : x === 77 ? -5 : Math.sin(x),
  }));
  const kept = thinned(points);
  expect(kept.length).toBeLessThanOrEqual(400);
  expect(kept).toContainEqual({ x: 4321, y: 99 });
  expect(kept).toContainEqual({ x: 77, y: -5 });
  expect(kept.every((point, i) => i === 0 || point.x > (kept[i - 1]?.x ?? 0))).toBe(true);
});
