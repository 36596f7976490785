import { readFile } from 'node:fs/promises';
import { parseCheckpointManifest, parseValidateOutput } from 'alibi-zarr-schemas';
import { describe, expect, it } from 'vitest';

describe('parsers made from the schemas', () => {
  it('hands back the very value that fits', () => {
    const value = { valid: true };
    const parsed = parseValidateOutput(value);
    expect(parsed).toEqual({ ok: true, value: { valid: true } });
    expect(parsed.ok && parsed.value).toBe(value);
  });

  it.each([
    [undefined, { ok: false, path: '', message: 'must be object' }],
    [{}, { ok: false, path: '', message: "must have required property 'valid'" }],
    [{ valid: 'yes' }, { ok: false, path: '/valid', message: 'must be boolean' }],
    [
      { valid: true, wrong: 1 },
      { ok: false, path: '', message: 'has an unknown field "wrong"' },
    ],
  ])('says where %j is wrong', (value, expected) => {
    expect(parseValidateOutput(value)).toEqual(expected);
  });

  it('names the only value allowed', () => {
    expect(parseCheckpointManifest({ format: 'other' })).toMatchObject({ ok: false });
  });

  it('runs without eval and without require, as a strict Content-Security-Policy wants', async () => {
    const code = await readFile(new URL('../src/generated/validators.ts', import.meta.url), 'utf8');
    expect(code).not.toMatch(/\beval\s*\(|new Function|\brequire\s*\(/);
  });
});
