import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBenchComparison, parseReportOutput, type ReportOutput } from 'alibi-zarr-schemas';
import { decode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli.ts';
import { writeRandomCheckpoint } from '../../src/random-checkpoint.ts';
import { capturedIo } from '../bench/captured-io.ts';
import {
  fingerprintResult,
  homogeneityResult,
  logText,
  lossResult,
  map,
  model,
  probeResult,
  scribblesResult,
  seamResult,
  segmentationResult,
} from './result-files.ts';

const teacher = model('teacher', { position: 'learned' });
const student = model('student');

describe('alibi-train report', () => {
  let dir = '';
  const at = (...parts: string[]): string => join(dir, ...parts);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-report-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  async function file(name: string, value: unknown): Promise<string> {
    await writeFile(at(name), typeof value === 'string' ? value : JSON.stringify(value));
    return at(name);
  }

  async function run(...argv: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
    const { io, out, err } = capturedIo();
    return { code: await main(['report', ...argv], io), out, err };
  }

  async function page(...argv: string[]): Promise<{ html: string; output: ReportOutput }> {
    const { code, out, err } = await run(...argv, '--out', at('report.html'), '--json');
    expect(code, err.join('\n')).toBe(0);
    const parsed = parseReportOutput(JSON.parse(out[0] ?? ''));
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    return { html: await readFile(at('report.html'), 'utf8'), output: parsed.value };
  }

  /** One of everything, of two checkpoints. */
  async function everything(): Promise<string[]> {
    const seam = {
      format: 'alibi-train/comparison/1',
      results: [seamResult(teacher, [0.25, 0.5]), seamResult(student, [0.75, 1])],
    };
    expect(parseBenchComparison(seam).ok).toBe(true);
    return [
      await file('probe-t.json', probeResult(teacher, 0.9, 'alibi-train probe teacher/manifest.json')),
      await file('probe-s.json', probeResult(student, -3, 'alibi-train probe student/manifest.json')),
      await file('fingerprint.json', fingerprintResult(teacher)),
      await file('homogeneity.json', homogeneityResult(student)),
      await file('seam.json', seam),
      await file('loss.json', lossResult(student, [0.25, 0.5])),
      await file('scribbles.json', scribblesResult(student, 0.5)),
      await file('segmentation.json', segmentationResult(student, 0.25)),
      '--log',
      await file('log.jsonl', logText([0.4, 0.3, 0.2, 0.1])),
    ];
  }

  it('draws every figure there are results for, in one file that needs nothing else', async () => {
    const { html, output } = await page(...(await everything()));
    expect(output.models).toEqual(['teacher', 'student']);
    expect(output.figures.map(({ id, drawn, run: command }) => [id, drawn, command])).toEqual(
      [
        'figure-2',
        'figure-3',
        'figure-5',
        'figure-6',
        'figure-7',
        'figure-8',
        'figure-9',
        'data-sets',
        'windows',
        'loss',
        'training',
      ].map((id) => [id, true, null]),
    );
    expect(html).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:`.replaceAll("'", '&#39;'),
    );
    const addresses = [
      ...html.matchAll(/\b(?:src|href|srcset|action|poster|data)="([^"]*)"|url\(([^)]*)\)/g),
    ].map(([, attribute, css]) => attribute ?? css ?? '');
    expect(addresses.length).toBeGreaterThan(20);
    for (const address of addresses)
      expect(address).toMatch(/^(#[a-z0-9-]+|data:image\/png;base64,[A-Za-z0-9+/=]+)$/);
    expect(html).not.toMatch(/<(script|link|iframe|object|embed)\b|@import|\son\w+=/i);
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id ?? '');
    expect(new Set(ids).size).toBe(ids.length);
    const wanted = [...html.matchAll(/aria-labelledby="([^"]+)"|href="#([^"]+)"|url\(#([^)]+)\)/g)];
    for (const [, names, anchor, paint] of wanted) {
      for (const id of (names ?? anchor ?? paint ?? '').split(' ')) expect(ids).toContain(id);
    }
    expect([...html.matchAll(/<img (?![^>]*alt="[^"]+")/g)]).toEqual([]);
    expect(html.match(/<svg class="chart" role="img"/g)?.length).toBe(
      html.match(/<title id="[^"]+-t">[^<]+<\/title><desc/g)?.length,
    );
  });

  it('puts marks where the numbers say', async () => {
    const { html } = await page(...(await everything()));
    const marks = (id: string): string[] => {
      const [, svg = ''] = html.split(`aria-labelledby="${id}-t ${id}-d"`);
      return [
        ...(svg.split('</svg>')[0] ?? '').matchAll(/class="mark (s\d)" transform="translate\(([^)]+)\)/g),
      ].map(([, slot, place]) => `${slot} ${place}`);
    };
    // 430×260 with margins of 58, 12, 12 and 44: x from 58 to 418, two plans 180 wide, their middles at 148 and 328, two
    // series 26 apart; y from 216 for 0 to 12 for 1, so 216 − 204 v. Plans stand by size, not as the file has them.
    expect(marks('windows-0-centred')).toEqual(['s0 135 165', 's0 315 114', 's1 161 63', 's1 341 12']);
    // R² from −1 to 1: 0.9 at 216 − 204 · 1.9 / 2 = 22.2; −3 lies below the floor, so at 216, with an arrow.
    const probe = marks('figure-2-0-reference');
    expect(probe.filter((mark) => mark.startsWith('s0')).map((mark) => mark.split(' ')[2])).toEqual(
      Array(4).fill('22.2'),
    );
    expect(probe.filter((mark) => mark.startsWith('s1')).map((mark) => mark.split(' ')[2])).toEqual(
      Array(4).fill('216'),
    );
    expect(html.match(/>↓</g)).toHaveLength(8);
    // 460 wide: steps 1 to 4 from 58 to 448, 130 apart; losses from 0 to 0.4, so 216 − 510 loss.
    expect(html).toContain('d="M58 12L188 63L318 114L448 165"');
    expect(marks('data-sets-0').map((mark) => mark.split(' ')[2])).toEqual(['165', '114', '12']);
    // −9 in the validated probe is drawn from −1.
    expect(html).toContain('step 4, radial: −9');
  });

  it('turns maps into pictures of the same values', async () => {
    const { html } = await page(...(await everything()));
    const picture = (alt: string): number[] => {
      const found = html.match(new RegExp(`src="data:image/png;base64,([^"]+)"[^>]*alt="${alt}`));
      return [...decode(Buffer.from(found?.[1] ?? '', 'base64')).data];
    };
    expect(picture('The image a.png')).toEqual([10, 20, 30, 40]);
    expect(picture('First three principal components of a.png by student as')).toEqual([
      1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12,
    ]);
    const [blue, yellow] = [
      [0x64, 0x8f, 0xff],
      [0xff, 0xb0, 0x00],
    ];
    expect(picture('2 clusters of a.png by student')).toEqual([blue, yellow, yellow, blue].flat());
    // The lowest value and 1 are the ends of viridis.
    const [low, high] = [
      [0x44, 0x01, 0x54],
      [0xfd, 0xe7, 0x25],
    ];
    expect(picture('Similarity of a.png by student to the token in the centre')).toEqual(
      [low, high, high, high].flat(),
    );
    expect(picture('The lr ramp predicted from teacher')).toEqual([low, high, high, low].flat());
  });

  it('says what was not run and how to', async () => {
    const log = await file('log.jsonl', `${logText([0.4, 0.3])}{"step":3,"lo`);
    const { html, output } = await page('--log', log);
    expect(output.figures.filter(({ drawn }) => drawn).map(({ id }) => id)).toEqual(['training']);
    for (const { drawn, run: command } of output.figures) {
      if (!drawn) expect(html).toContain((command ?? 'no command').replaceAll('"', '&quot;'));
    }
    expect(html).toContain('the last line was still being written and is left out');
  });

  it('shows names as they are and nothing of them as markup', async () => {
    const evil = '</title><img src=x onerror=alert(1)>"\'&|`';
    const named = model(evil, { position: '<b>' });
    const result = homogeneityResult(named, 'a\u202egnp.png');
    const manifest = await writeRandomCheckpoint(at('random'), {
      patch: 4,
      dim: 24,
      position: { kind: 'none' },
    }).then(() => at('random', 'manifest.json'));
    const stored = JSON.parse(await readFile(manifest, 'utf8'));
    stored.title = '[click](javascript:alert(1)) <script>| https://example.org';
    await writeFile(manifest, JSON.stringify(stored));
    const path = await file('h.json', {
      ...result,
      command: 'alibi-train `x` </code><script>alert(2)</script>',
    });
    const { html } = await page(path, '--manifest', manifest, '--card', at('card.md'), '--title', '<i>t</i>');
    expect(html).not.toMatch(/<img src=x|<script|<b>|<i>|\u202e/);
    expect(html).toContain('&lt;/title&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;|`');
    expect(html).toContain('a\\u{202e}gnp.png');
    const card = await readFile(at('card.md'), 'utf8');
    expect(card).toContain('\\[click\\](javascript:alert(1)) \\<script\\>\\| https:\\//example.org');
    expect(card).toContain('`` alibi-train `x` </code><script>alert(2)</script> ``');
    expect(card).toContain('\\</title\\>\\<img src=x onerror=alert(1)\\>"\'\\&\\|\\`');
  });

  it('writes a card whose numbers are those of the results, each with its command', async () => {
    await writeRandomCheckpoint(at('random'), { patch: 4, dim: 24, position: { kind: 'none' } });
    const argv = [
      ...(await everything()),
      '--manifest',
      at('random', 'manifest.json'),
      '--card',
      at('card.md'),
    ];
    await page(...argv);
    const card = await readFile(at('card.md'), 'utf8');
    expect(card).toContain('| probe R² lr | 0.9 [1] | −3 [2] |');
    expect(card).toContain('| centred consistency | 0.5 [5] | 1 [5] |');
    expect(card).toContain(
      '1. `alibi-train probe teacher/manifest.json`\n2. `alibi-train probe student/manifest.json`',
    );
    const written = card.replace('# random-24x2', '# Mine').concat('\nBy hand.\n');
    await writeFile(at('card.md'), written);
    await page(...argv);
    expect(await readFile(at('card.md'), 'utf8')).toBe(written);
    await writeFile(at('card.md'), 'all by hand');
    const refused = await run(...argv, '--out', at('other.html'));
    expect(refused.code).toBe(2);
    expect(refused.err.join()).toMatch(/no place for a generated card \(.*card\.md\)/);
    expect(await readFile(at('card.md'), 'utf8')).toBe('all by hand');
    await expect(readFile(at('other.html'))).rejects.toThrow(/ENOENT/);
  });

  it('tells checkpoints of one name apart', async () => {
    const int8 = model('student', { precision: 'int8' });
    const again = model('student', { manifestSha256: 'a'.repeat(64) });
    const { output } = await page(
      await file('1.json', scribblesResult(student, 0.5)),
      await file('2.json', scribblesResult(int8, 0.4)),
      await file('3.json', scribblesResult(again, 0.3)),
    );
    expect(output.models).toEqual([
      'student · fp32',
      'student · int8',
      'student · fp32 · tokens, logistic regression',
    ]);
  });

  it('is the same from the same files, and takes a file given twice once', async () => {
    const argv = await everything();
    const { html } = await page(...argv);
    expect((await page(...argv)).html).toBe(html);
    const { output } = await page(argv[0] ?? '', argv[0] ?? '');
    expect(output.inputs).toHaveLength(1);
  });

  it.each([
    [
      'another format',
      'x.json',
      { format: 'alibi-train/else/1' },
      /format is "alibi-train\/else\/1".*x\.json/,
    ],
    ['no format', 'x.json', { 'base.lr': { r2: 1, per_channel_r2: [] } }, /no "format".*x\.json/],
    ['a list', 'x.json', [], /no "format".*x\.json/],
    ['nothing', 'x.json', '', /not JSON: it is empty \(.*x\.json\)/],
    ['a file cut off', 'x.json', '{"format": "alibi-train/seam/1", "mo', /not JSON \(.*x\.json\)/],
    [
      'a field of another type',
      'x.json',
      { ...seamResult(teacher, [0, 1]), tokens: 'many' },
      /\/tokens must be integer \(.*x\.json\)/,
    ],
    [
      'a field of one of several results',
      'x.json',
      {
        format: 'alibi-train/comparison/1',
        results: [seamResult(teacher, [0, 1]), { ...seamResult(student, [0, 1]), crops: 0 }],
      },
      /\/results\/1\/crops must be >= 1 \(.*x\.json\)/,
    ],
    [
      'a map too short',
      'x.json',
      {
        ...homogeneityResult(teacher),
        images: [{ ...homogeneityResult(teacher).images[0], image: map(2, 2, [1, 2, 3]) }],
      },
      /\/images\/0\/image\/data holds 3 bytes for 2×2 places \(.*x\.json\)/,
    ],
    [
      'a list too short',
      'x.json',
      { ...probeResult(teacher, 1), dim: 5 },
      /\/reference\/ramps\/0\/perChannel has 3 values where 5 belong/,
    ],
    [
      'a field of an alternative',
      'x.json',
      { ...probeResult(teacher, 1), heldOut: { ...probeResult(teacher, 1).heldOut, folds: 'three' } },
      /\/heldOut\/folds must be integer/,
    ],
    [
      'steps that do not rise',
      'x.jsonl',
      '{"step":1,"loss":0.4,"lr":1e-5}\n{"step":1,"loss":0.4,"lr":1e-5}\n',
      /\/step is 1 after 1 \(.*x\.jsonl:2\)/,
    ],
    [
      'a loss that is no number',
      'x.jsonl',
      '{"step":1,"loss":null,"lr":1e-5}\n',
      /\/loss must be number \(.*x\.jsonl:1\)/,
    ],
    ['a line that is not JSON', 'x.jsonl', 'step 1\n', /not JSON \(.*x\.jsonl:1\)/],
    ['no line', 'x.jsonl', '', /no whole line \(.*x\.jsonl\)/],
  ])('refuses %s', async (_, name, value, message) => {
    const { code, err } = await run(await file(name, value), '--out', at('report.html'));
    expect([code, err.length]).toEqual([2, 1]);
    expect(err[0]).toMatch(message);
    await expect(readFile(at('report.html'))).rejects.toThrow(/ENOENT/);
  });

  it('names the flag or the file that is wrong', async () => {
    const good = await file('good.json', seamResult(teacher, [0, 1]));
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [[good], /--out/],
      [['--out', at('r.html')], /nothing is given/],
      [[at('absent.json'), '--out', at('r.html')], /cannot be read \(ENOENT\) \(.*absent\.json\)/],
      [[good, '--out', at('no', 'r.html')], /no folder to write into/],
      [[good, '--manifest', good, '--out', at('r.html')], /is the same as/],
      [[good, '--card', at('c.md'), '--out', at('r.html')], /needs --manifest/],
    ];
    for (const [argv, message] of refusals) {
      const { code, err } = await run(...argv);
      if (!message.source.includes('same')) expect(code, argv.join(' ')).toBe(2);
      expect(err.join('\n')).toMatch(message);
    }
  });
});
