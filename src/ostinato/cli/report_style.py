"""The style of the report's page: light and dark, narrow and wide, and paper. Nothing is fetched."""

from __future__ import annotations

STYLE = """
:root{--back:#fbfbf9;--card:#fff;--ink:#1d1f23;--soft:#656b75;--line:#e2e3df;--done:#2c7a4b;--failed:#b3352b;
--waits:#9a6b00;--open:#b9bec7;--accent:#2f5d9b}
@media (prefers-color-scheme:dark){:root{--back:#15171b;--card:#1d2025;--ink:#e4e6ea;--soft:#9aa1ad;--line:#30343c;
--done:#5cb984;--failed:#ee7b70;--waits:#dfb04c;--open:#4a505b;--accent:#8db4ec}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:50rem;margin:0 auto;padding:2rem 1.25rem 4rem}
p,li,summary,td,blockquote,h1,h2{overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2;margin:.2rem 0 1rem;text-wrap:balance}
h2{font-size:1.05rem;margin:2.25rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
.count{color:var(--soft);font-weight:400}
.over,.small,.id{color:var(--soft);font-size:.875rem}
.over{margin:0}
.id{white-space:nowrap;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.8rem}
code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em}
code{background:color-mix(in srgb,var(--ink) 7%,transparent);border-radius:4px;padding:.1em .3em}
pre{background:color-mix(in srgb,var(--ink) 6%,transparent);border-radius:6px;padding:.7rem .8rem;margin:.4rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;max-height:22rem;overflow-y:auto}
blockquote{margin:1rem 0;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--line);white-space:pre-line}
.bar{display:flex;height:.7rem;border-radius:.35rem;overflow:hidden;background:var(--line);gap:2px}
.bar i{display:block;height:100%}
.bar .done{background:var(--done)}.bar .failed{background:var(--failed)}
.bar .waits{background:var(--waits)}.bar .open{background:var(--open)}
.facts{list-style:none;padding:0;margin:.9rem 0}
.card{display:block;margin:.5rem 0;padding:.55rem .8rem;background:var(--card);border:1px solid var(--line);
border-left:4px solid var(--open);border-radius:6px}
.card.done{border-left-color:var(--done)}.card.failed{border-left-color:var(--failed)}
.card.waits{border-left-color:var(--waits)}
summary{cursor:pointer}
summary b{font-weight:600}
.card p{margin:.5rem 0 0}
p.card{margin:.5rem 0}
.card.waits code{display:inline-block;margin-top:.35rem}
.told{white-space:pre-line}
.state{color:var(--waits);font-size:.875rem}
.failed .attempt{margin-top:.9rem}
.options{list-style:none;padding:0;margin:.5rem 0 .2rem}
.options li{margin:.35rem 0;padding-left:1.3rem;text-indent:-1.3rem}
.options .chosen{color:var(--done)}
.options .chosen .small{text-indent:0}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.1rem;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--soft);font-size:.875rem;text-align:left}
th,td{padding:.3rem .5rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th:not(:first-child),td:not(:first-child){text-align:right;white-space:nowrap;padding-left:1rem;width:1%}
.timeline{list-style:none;padding:0;margin:0}
.timeline li{display:grid;grid-template-columns:3rem 1.2rem 1fr;gap:.3rem;padding:.12rem 0}
.timeline p{margin:0}
.timeline time{color:var(--soft);font-variant-numeric:tabular-nums}
.timeline .day{display:block;margin-top:.7rem;font-weight:600}
.timeline .done span{color:var(--done)}.timeline .failed span{color:var(--failed)}
.timeline .waits span{color:var(--waits)}.timeline .person span,.timeline .session span{color:var(--accent)}
@media (max-width:36rem){main{padding:1.1rem .9rem 3rem}h1{font-size:1.4rem}body{font-size:15px}}
@media print{:root{--back:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc}body{font-size:10.5pt}
main{max-width:none;padding:0}.card p,pre,li{break-inside:avoid}
summary{break-after:avoid}.bar{print-color-adjust:exact}pre{max-height:none}h2{break-after:avoid}
details::details-content{content-visibility:visible;height:auto}details>summary{list-style:none}}
"""
