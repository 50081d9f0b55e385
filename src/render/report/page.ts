import { html } from './html-text.ts';

/**
 * One self-contained page: no scripts, and nothing is loaded.
 *
 * @param title as text
 * @param parts HTML of the body
 * @param style CSS beside that of every report
 */
export function htmlPage(title: string, parts: readonly string[], style = ''): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${html(title)}</title><style>${STYLE}${style}</style></head><body>`,
    ...parts,
    '</body></html>\n',
  ].join('\n');
}

/** The page's style: light or dark as the system is set, with colours that are easy to distinguish. */
const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#5d6670;--edge:#d9dee3;--soft:#f4f6f8;--good:#157347;--bad:#c0262d;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#9aa4ae;--edge:#333a41;--soft:#1d2226;--good:#4cc38a;--bad:#ff6b6b;--warn:#e3b341}}
*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 4rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}h3{font-size:.95rem;margin:1.2rem 0 .3rem}
p{margin:.3rem 0}.dim{color:var(--dim)}code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:var(--soft);border-radius:6px;padding:.5rem .7rem;overflow-x:auto}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--edge)}
th{color:var(--dim);font-weight:600}td.number{text-align:right;white-space:nowrap}
.verdict{font-weight:600;white-space:nowrap}.held,.passed{color:var(--good)}.broken,.critical{color:var(--bad)}.unjudged,.warning{color:var(--warn)}
.problem,.finding{border-left:3px solid var(--edge);padding:.2rem 0 .2rem .8rem;margin:.8rem 0}
ul{margin:.3rem 0;padding-left:1.3rem}summary{cursor:pointer;color:var(--dim)}
`;
