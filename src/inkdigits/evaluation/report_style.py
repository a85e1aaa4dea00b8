"""How a report looks: one style sheet, light or dark as the reader's system is, from telephone to desk.

Owns: the style sheet. Leaves to others: what is in the page (report_html and its users).
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f5f6f8; --ink: #1b1d21; --muted: #5c626c; --line: #d9dce2;
  --first: #1f6fc4; --second: #b4660a; --good: #0a7d55; --bad: #c2410c;
  --good-tint: 10 150 100; --bad-tint: 220 80 20;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181c; --panel: #202329; --ink: #e8eaee; --muted: #a2a8b3; --line: #383d46;
    --first: #6aa9f0; --second: #eda24f; --good: #4cc596; --bad: #ff9466;
  }
  img.ink { filter: invert(1); }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 21px; margin: 0 0 6px; }
h3 { font-size: 16px; margin: 18px 0 6px; }
section { margin: 40px 0; scroll-margin-top: 12px; }
p { margin: 6px 0 12px; max-width: 78ch; overflow-wrap: break-word; }
.lead { font-size: 18px; }
.muted, figcaption, footer { color: var(--muted); font-size: 14px; }
.warn { border-left: 4px solid var(--bad); padding: 8px 14px; background: var(--panel); }
a { color: var(--first); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 14px 0 0; font-size: 14px; }
.tiles { display: grid; grid-template-columns: repeat(var(--columns), 1fr); gap: 12px; margin: 22px 0 0; }
.tile { background: var(--panel); border-radius: 10px; padding: 12px 14px; }
.tile b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: 14px; }
.tile small { display: block; color: var(--muted); font-size: 13px; line-height: 1.35; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 26px; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
.halo text { paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-linejoin: round; }
figcaption { margin-top: 4px; max-width: 60ch; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 15px; }
th, td { padding: 5px 12px 5px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--muted); font-size: 13px; }
th:first-child, td:first-child { text-align: left; }
td:first-child { font-weight: 600; }
table.confusion { font-size: 13px; border-collapse: separate; border-spacing: 2px; width: 100%; max-width: 620px;
  table-layout: fixed; }
table.confusion.wide { table-layout: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 8px 40px; }
.pair > div { min-width: 0; }
table.confusion th, table.confusion td {
  border: 0; padding: 0; text-align: center; height: 34px; min-width: 24px; border-radius: 4px;
}
table.confusion.wide th, table.confusion.wide td { padding: 0 5px; }
table.confusion.wide { width: auto; max-width: none; }
table.confusion.wide th[scope=row] { position: sticky; left: 0; background: var(--page); }
table.confusion th { color: var(--ink); }
table.confusion td { color: var(--ink); font-weight: 400; text-align: center; }
table.confusion td.zero { color: var(--muted); opacity: .45; }
table.confusion td.right { background: rgb(var(--good-tint) / calc(.10 + .34 * var(--share))); }
table.confusion td.wrong { background: rgb(var(--bad-tint) / calc(.14 + .56 * var(--share))); font-weight: 600; }
.bars { display: grid; grid-template-columns: max-content 1fr; gap: 4px 10px; align-items: center;
  font-size: 14px; }
.bars .bar { display: flex; align-items: center; gap: 8px; min-width: 0; }
.bars i { display: block; height: 14px; border-radius: 3px; background: var(--first); min-width: 1px; }
.bars span { color: var(--muted); font-variant-numeric: tabular-nums; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 12px; }
.cards.small { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
.cards.big { grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); }
.cards.huge { grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
.card { background: var(--panel); border-radius: 8px; overflow: hidden; border-top: 4px solid var(--line);
  font-size: 13px; line-height: 1.35; }
.card.right { border-top-color: var(--good); }
.card.wrong { border-top-color: var(--bad); }
.card div { padding: 5px 8px 8px; overflow-wrap: anywhere; }
.card b { font-size: 15px; }
.card.right b { color: var(--good); }
.card.wrong b { color: var(--bad); }
.card small { color: var(--muted); font-size: 12px; display: block; }
.card img { display: block; width: 100%; background: #fff; }
.card img.ink { image-rendering: pixelated; aspect-ratio: 1; object-fit: contain; }
.big .card img, .huge .card img { max-height: 420px; object-fit: contain; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 10px; font-size: 14px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 6px; margin-right: 6px; }
.strips { display: grid; grid-template-columns: max-content 1fr; gap: 6px 12px; align-items: center; }
.strips div { display: flex; flex-wrap: wrap; gap: 4px; }
.strips img { width: 40px; height: 40px; image-rendering: pixelated; object-fit: contain; background: #fff; }
footer { padding: 20px; border-top: 1px solid var(--line); margin-top: 50px; overflow-wrap: anywhere; }
@media (max-width: 800px) { .tiles { grid-template-columns: repeat(2, 1fr); } }
@media (max-width: 560px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  h1 { font-size: 24px; }
  .tiles { gap: 8px; }
  .tile b { font-size: 20px; }
  .cards { grid-template-columns: repeat(auto-fill, minmax(98px, 1fr)); gap: 8px; }
  .cards.big { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
  .cards.small { grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); }
  th, td { padding-right: 9px; }
  table { font-size: 14px; }
  table.confusion { font-size: 11px; border-spacing: 1px; }
  table.confusion th, table.confusion td { height: 30px; min-width: 22px; }
  .strips img { width: 32px; height: 32px; }
}
@media print { nav { display: none; } section { break-inside: avoid-page; } }
"""
"""Colours by the page's variables, which `plots_report` uses, too."""
