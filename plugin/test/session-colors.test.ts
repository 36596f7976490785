import { expect, it } from 'vitest';
import { formatHexColor, paletteColor, unusedColor } from '../src/session-colors.ts';

it('gives a new class the colour that is wished, or the first of the palette that nothing has', () => {
  const hex = (id: number) => formatHexColor(paletteColor(id));
  expect(unusedColor(paletteColor(2), [hex(1)])).toEqual(paletteColor(2));
  expect(unusedColor(paletteColor(1), [hex(1), hex(2)])).toEqual(paletteColor(3));
  const all = Array.from({ length: 8 }, (_, i) => hex(i + 1));
  expect(unusedColor(paletteColor(4), all)).toEqual(paletteColor(4));
});
