/** The page's style: light or dark as the system is set, with colours that are easy to distinguish. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#5d6670;--edge:#d9dee3;--soft:#f4f6f8;--good:#157347;--bad:#c0262d;--warn:#9a6700;
--c0:#2f6fde;--c1:#e0822d;--c2:#2a9d78;--c3:#b8479a;--c4:#7a62d0;--c5:#c9a227;--c6:#4aa3c7;--c7:#8a8f98}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#9aa4ae;--edge:#333a41;--soft:#1d2226;--good:#4cc38a;--bad:#ff6b6b;--warn:#e3b341;
--c0:#6ea8ff;--c1:#f2a65a;--c2:#4fd1a5;--c3:#e07cc4;--c4:#a594f9;--c5:#e6c34a;--c6:#7cc9e8;--c7:#a7adb5}}
*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 4rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}h3{font-size:.95rem;margin:1.2rem 0 .3rem}
p{margin:.3rem 0}.dim{color:var(--dim)}code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:var(--soft);border-radius:6px;padding:.5rem .7rem;overflow-x:auto}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--edge)}
th{color:var(--dim);font-weight:600}td.number{text-align:right;white-space:nowrap}
.verdict{font-weight:600;white-space:nowrap}.held,.passed{color:var(--good)}.broken,.critical{color:var(--bad)}.unjudged,.warning{color:var(--warn)}
.finding{border-left:3px solid var(--edge);padding:.2rem 0 .2rem .8rem;margin:.8rem 0}
svg{width:100%;height:auto;display:block}.ran{fill:var(--soft)}.grid{stroke:var(--edge)}.tick{fill:var(--dim);font:11px system-ui,sans-serif}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.area{stroke:var(--bg);stroke-width:.5}.bound{stroke:var(--bad);stroke-dasharray:5 4;stroke-width:1.5}.boundtext{fill:var(--bad);font:12px system-ui,sans-serif}
${[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `.line.c${n}{stroke:var(--c${n})}.area.c${n}{fill:var(--c${n})}.key.c${n}{background:var(--c${n})}`).join('')}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:13px;color:var(--dim)}.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.35em}
`;
