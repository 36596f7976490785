/**
 * The page's own style: light and dark by what the reader prefers, black on white on paper. Series colours are Okabe and Ito's,
 * lightened for dark pages; shapes and dashes tell the series apart without them.
 */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #5b6470; --line: #d9dee4; --panel: #f6f8fa; --accent: #0a5fa8;
  --s0: #0072b2; --s1: #d55e00; --s2: #008a64; --s3: #b0568f; --s4: #b37a00; --s5: #3a8fc4; --s6: #4d4d4d; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #12161b; --ink: #e8ebef; --soft: #a2acb8; --line: #333c46; --panel: #1b2128; --accent: #7cc0ff;
    --s0: #56b4e9; --s1: #ff8a3d; --s2: #2fc49b; --s3: #e39ac6; --s4: #f0b429; --s5: #9fd6ff; --s6: #c9c9c9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3.5rem 0 .5rem; padding-top: .9rem; border-top: 2px solid var(--ink); }
h2 .number { color: var(--accent); margin-right: .5em; }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1.2rem 0 .2rem; color: var(--soft); font-weight: 600; }
p { max-width: 78ch; margin: .5rem 0 1rem; }
a { color: var(--accent); }
nav ol { display: flex; flex-wrap: wrap; gap: .25rem 1.4rem; padding: 0; margin: 1.2rem 0 0; list-style: none; font-size: .92rem; }
nav .absent a { color: var(--soft); }
.lead { font-size: 1.08rem; color: var(--soft); }
.settings, .made, figcaption, small, summary, caption { font-size: .86rem; color: var(--soft); }
.settings { margin: .4rem 0; }
.missing { border-left: 3px solid var(--s4); background: var(--panel); padding: .6rem .9rem; font-size: .92rem; }
code { font: .86em/1.45 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0; }
.made pre { margin: .25rem 0; }
.row { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start; }
.scroll { overflow-x: auto; max-width: 100%; }
svg.chart { display: block; max-width: 100%; height: auto; font: 11.5px/1 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; overflow: visible; }
svg text { fill: var(--ink); } svg text.tick { fill: var(--soft); } svg text.axis { font-size: 12px; }
svg text.note { font-weight: 650; } svg text.layer { font-size: 8.5px; } svg text.name { font-size: 12.5px; font-weight: 650; }
line.grid { stroke: var(--line); } line.zero, line.base, line.tick { stroke: var(--soft); }
path.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
path.line.plain { stroke-width: 1.4; } path.line.faint { stroke-width: 1; opacity: .35; }
path.mark { fill: currentColor; stroke: var(--paper); stroke-width: 1.2; paint-order: stroke; }
circle.single { fill: currentColor; opacity: .38; } line.whisker { stroke: currentColor; stroke-width: 1.5; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); } .s6 { color: var(--s6); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; list-style: none; padding: 0; margin: .8rem 0 .6rem; font-size: .92rem; }
.legend li { display: flex; align-items: center; gap: .5rem; }
image.pixels, .map img { image-rendering: pixelated; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .3rem 0 .4rem; caption-side: top; }
.numbers { margin: .6rem 0 1.2rem; } .numbers th, .numbers td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
.numbers th:first-child, .numbers .text { text-align: left; } .numbers thead th { border-bottom: 1.5px solid var(--soft); vertical-align: bottom; }
.numbers th[scope=row] { font-weight: 500; } .numbers th small { display: block; max-width: 46ch; font-weight: 400; overflow-wrap: anywhere; }
.numbers td code { display: inline-block; text-align: left; } sup a { text-decoration: none; font-size: .8em; margin-left: .15em; }
.maps th, .maps td { padding: .25rem .35rem; text-align: center; font-weight: 500; vertical-align: middle; overflow-wrap: anywhere; }
.maps th[scope=row] { text-align: right; min-width: 5.5rem; max-width: 9rem; font-weight: 650; } .maps thead th { vertical-align: bottom; font-size: .8rem; max-width: 8.5rem; }
.maps td small { display: block; font-variant-numeric: tabular-nums; } .maps td.none { color: var(--soft); font-size: .8rem; }
.map { position: relative; display: inline-block; line-height: 0; }
.map img { width: 112px; height: auto; border-radius: 3px; } .maps.dense .map img { width: 98px; } .row .maps .map img { width: 92px; } .probes .map img { width: 96px; }
.ring { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; } .ring circle { fill: none; stroke: #fff; stroke-width: .55px; } .ring .halo { stroke: #d00; stroke-width: 1.4px; }
.bar { display: flex; align-items: center; gap: .5rem; font-size: .86rem; color: var(--soft); }
details { margin: .6rem 0; } summary { cursor: pointer; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: .2rem 1.2rem 1rem; margin: 1rem 0; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .25rem 1.2rem; font-size: .92rem; } dl div { display: contents; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
ol.commands li { margin: .3rem 0; } ol.commands li:target, li:target code { background: var(--panel); outline: 2px solid var(--accent); outline-offset: 2px; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: .86rem; color: var(--soft); }
@media (max-width: 640px) { main { padding: 1.2rem 1rem; } dl { grid-template-columns: 1fr; } }
@media print {
  @page { margin: 14mm; } body { font-size: 10.5pt; } main { max-width: none; padding: 0; } nav { display: none; }
  h2, h3, h4 { break-after: avoid; } svg.chart, tr, .card, .missing { break-inside: avoid; } .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; height: auto; } summary { list-style: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
