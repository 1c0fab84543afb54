/** How every page looks: on a light and a dark screen, on a phone, and on paper. */
export const STYLE = `
:root {
  --paper: #fff; --panel: #f6f7f9; --ink: #1b1f24; --quiet: #59636e; --line: #d3d9e0; --link: #0a58ca;
  --good: #116329; --bad: #b3261e; --open: #7a4d00; --warn: #fff4d6;
  --first: #0a58ca; --second: #9a4a00; --limit: #7b2d8e;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --panel: #1d2127; --ink: #e8ebef; --quiet: #a3adb8; --line: #3a424c; --link: #82b4ff;
    --good: #63d188; --bad: #ff8f87; --open: #f0bd5b; --warn: #3a2f12;
    --first: #82b4ff; --second: #ffb066; --limit: #d9a3ea;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.9rem; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.35rem; }
h3 { display: flex; flex-wrap: wrap; gap: .25rem .9rem; align-items: baseline; margin: 2.5rem 0 .5rem; padding-top: .9rem; border-top: 1px solid var(--line); font-size: 1.15rem; }
p { margin: .4rem 0; max-width: 48rem; overflow-wrap: anywhere; }
a { color: var(--link); }
header p { color: var(--quiet); }
.sentence { margin: 1.1rem 0; font-size: 1.2rem; font-weight: 600; }
.quiet, .source, caption, figcaption { color: var(--quiet); }
.source { font-size: .875rem; }
.reason { border-left: .25rem solid var(--bad); padding-left: .75rem; }
.banner { margin: .75rem 0; padding: .6rem .9rem; max-width: none; border: 1px solid var(--open); border-left-width: .4rem; border-radius: .25rem; background: var(--warn); }
.mark { font-weight: 600; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
h3 .mark { font-size: 1rem; }
code, pre { font: .85em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.digest { overflow-wrap: anywhere; word-break: break-all; }
.scroll { overflow-x: auto; margin: .75rem 0; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .93rem; }
.wide table { width: 100%; }
.dense table { font-size: .82rem; } .dense th, .dense td { padding: .3rem .45rem; }
caption { padding: .25rem 0; text-align: left; font-size: .875rem; }
th, td { padding: .35rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { overflow-wrap: break-word; } td { overflow-wrap: anywhere; min-width: 6rem; }
thead th { background: var(--panel); font-weight: 600; }
tbody th { font-weight: 500; }
th.number, td.number { text-align: right; } td.number { min-width: 0; white-space: nowrap; } .mail { overflow-wrap: break-word; }
td.number { font-variant-numeric: tabular-nums; }
td p { margin: 0 0 .25rem; }
dl { margin: .75rem 0; }
dl > div { display: grid; grid-template-columns: minmax(9rem, 14rem) 1fr; gap: .1rem 1rem; padding: .3rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.drawings { display: flex; flex-wrap: wrap; gap: 1.25rem 2.5rem; align-items: flex-start; margin: 1rem 0; }
.beside { flex: 1 1 22.5rem; min-width: 0; } .beside > * { margin: 0 0 1.25rem; }
.comment { margin-top: .35rem; padding-left: .6rem; border-left: .2rem solid var(--line); }
figure { margin: 0; width: 22.5rem; max-width: 100%; }
figcaption { margin-bottom: .4rem; font-size: .875rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
svg .quiet { fill: var(--quiet); }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
svg .limit-text { fill: var(--limit); }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--quiet); }
svg path { fill: none; }
svg .first, svg .second { stroke-width: 2.25; stroke-linejoin: round; }
svg .first { stroke: var(--first); } svg .second { stroke: var(--second); stroke-dasharray: 7 4; }
svg .chance { stroke: var(--quiet); stroke-dasharray: 1 4; stroke-linecap: round; stroke-width: 2; }
svg .limit { stroke: var(--limit); stroke-width: 2; stroke-dasharray: 5 3; }
svg .point { fill: var(--first); stroke: var(--paper); stroke-width: 1.5; }
svg .bar { fill: var(--first); } svg .over { fill: var(--bad); } svg .track { fill: var(--panel); stroke: var(--line); }
summary { cursor: pointer; padding: .4rem 0; }
pre { margin: .5rem 0; padding: .75rem; max-height: 30rem; overflow: auto; border: 1px solid var(--line); border-radius: .25rem; background: var(--panel); white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 1rem .75rem 3rem; }
  h1 { font-size: 1.5rem; } .sentence { font-size: 1.08rem; }
  dl > div { grid-template-columns: 1fr; }
  th, td { padding: .3rem .5rem; }
  .wide thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .wide table, .wide caption, .wide tbody, .wide tr, .wide th, .wide td { display: block; }
  .wide tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .wide th, .wide td { padding: .1rem 0; border: 0; }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  h2, h3, h3 + p, caption, figcaption { break-after: avoid; }
  tr, figure, .banner, dl > div { break-inside: avoid; }
  .scroll { overflow: visible; } td { min-width: 0; }
  .dense table { font-size: 7.5pt; } .dense th, .dense td { padding: .2rem .3rem; }
  pre { max-height: none; font-size: 7pt; }
  details::details-content { display: block; content-visibility: visible; height: auto; }
  a { color: inherit; text-decoration: none; }
}
`;
