import { durationText } from '../../../base/duration.ts';
import type { Finding } from '../../../model/finding/finding.ts';
import type { BudgetResult, GuardReport, StateLines } from '../../../model/report/guard.ts';
import { STATE_DISPLAY_ORDER } from '../../../model/socket/tcp-state.ts';
import { html } from './html-text.ts';
import { boundText, outcomeText, worstText } from './report-words.ts';
import { type ChartLine, COLOURS, svgChart } from './svg-chart.ts';

/** A report as one self-contained page: no scripts, and nothing is loaded. */
export function guardHtml(report: GuardReport): string {
  const { command, targets, outcome, from, to, intervalMs, budgets, states, coverage } = report;
  const title = `socklens guard: ${outcome}`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${html(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1 class="${outcome === 'passed' ? 'passed' : 'broken'}" id="outcome">${html(outcomeText(report))}</h1>`,
    `<p><code>${html(command.argv.join(' '))}</code> against ${targets.map((name) => `<code>${html(name)}</code>`).join(', ')}</p>`,
    `<p class="dim">${html(from)} to ${html(to)}, sampled every ${html(durationText(intervalMs))}</p>`,
    '<h2>Budgets</h2><div class="wide"><table id="budgets"><thead><tr><th></th><th>Budget</th><th>Bound</th><th>Worst value</th></tr></thead><tbody>',
    ...budgets.map(budgetRow),
    '</tbody></table></div>',
    '<h2>Sockets over time</h2>',
    ...states.map((lines) => stateChart(lines, report)),
    ...budgets.flatMap((result) => budgetChart(result, report)),
    `<h2>Findings</h2>${report.findings.length === 0 ? '<p>No problems found.</p>' : ''}`,
    ...report.findings.map(findingPart),
    checked(report),
    ...coverage.notes.map((note) => `<p class="dim">not covered: ${html(note)}</p>`),
    '</body></html>\n',
  ].join('\n');
}

function budgetRow(result: BudgetResult): string {
  const style = result.verdict === 'not judged' ? 'unjudged' : result.verdict;
  const { budget, origin, verdict } = result;
  return `<tr><td class="verdict ${style}">${verdict}</td><td><code>${html(budget)}</code><br><span class="dim">${html(origin)}</span></td><td class="number">${html(boundText(result))}</td><td>${html(worstText(result))}</td></tr>`;
}

function stateChart({ target, times, states }: StateLines, report: GuardReport): string {
  const order = [...STATE_DISPLAY_ORDER, 'UDP'] as readonly string[];
  const lines = Object.entries(states)
    .sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]))
    .map(([name, values]): ChartLine => ({ name, times, values }));
  // TIME_WAIT holds only a port and can outnumber all other states by far.
  const living = lines.filter(({ name }) => name !== 'TIME_WAIT');
  const waiting = lines.filter(({ name }) => name === 'TIME_WAIT');
  const chart = (drawn: readonly ChartLine[], title: string) =>
    drawn.length === 0 ? '' : `${svgChart({ title, lines: drawn, stacked: true, ...timesOf(report) })}${legend(drawn)}`;
  return [
    `<section class="states"><h3>${html(target)}: by state</h3>`,
    chart(living, `sockets of ${target} by state over time`),
    ...(waiting.length > 0
      ? [`<h3>${html(target)}: TIME_WAIT</h3>`, chart(waiting, `entries of ${target} in TIME_WAIT over time`)]
      : []),
    '</section>',
  ].join('');
}

function budgetChart(result: BudgetResult, report: GuardReport): string[] {
  const { lines, budget, bound, unit } = result;
  if (!lines.some(({ times }) => times.length > 1)) return [];
  const drawn = lines.map(({ target, times, values }): ChartLine => ({ name: target, times, values }));
  return [
    `<section class="budget"><h3><code>${html(budget)}</code></h3>`,
    svgChart({
      title: `${budget} over time`,
      lines: drawn,
      stacked: false,
      ...timesOf(report),
      ...(bound !== undefined && { bound: { value: bound, text: boundText(result) } }),
      ...(unit !== undefined && { unit }),
    }),
    legend(drawn),
    '</section>',
  ];
}

function timesOf({ from, to, command }: GuardReport): { lengthMs: number; ranMs: readonly [number, number] } {
  const begin = Date.parse(from);
  return {
    lengthMs: Date.parse(to) - begin,
    ranMs: [Date.parse(command.startedAt) - begin, Date.parse(command.endedAt) - begin],
  };
}

function legend(lines: readonly ChartLine[]): string {
  const entries = lines.map(({ name, values }, index) => {
    const most = Math.max(0, ...values);
    return `<span><span class="key c${index % COLOURS}"></span>${html(name)}: max ${most}, last ${values.at(-1) ?? 0}</span>`;
  });
  return `<p class="legend">${entries.join('')}</p>`;
}

function findingPart({ severity, rule, scope, summary, evidence, fixes, byHand }: Finding): string {
  return [
    `<div class="finding"><p><span class="verdict ${severity}">${severity}</span> <code>${html(rule)}</code> <code>${html(scope.name)}</code></p>`,
    `<p>${html(summary)}</p><ul>`,
    ...evidence.map(
      ({ what, value, unit, source }) =>
        `<li>${html(what)}: ${html(String(value))}${unit === undefined ? '' : ` ${html(unit)}`} <span class="dim">[${html(source)}]</span></li>`,
    ),
    '</ul>',
    ...fixes.map(
      ({ where, text, snippet }) =>
        `<p>Fix (${html(where)}): ${html(text)}</p>${snippet === undefined ? '' : `<pre>${snippet.split('\n').map(html).join('\n')}</pre>`}`,
    ),
    `<p class="dim">Verify: <code>${html(byHand)}</code></p></div>`,
  ].join('');
}

function checked({ rules }: GuardReport): string {
  const judged = rules.filter((rule) => rule.judged).map(({ rule }) => rule);
  const others = rules.filter((rule) => !rule.judged).map(({ rule, needsMs }) => `${rule} (${durationText(needsMs)})`);
  const text = `checked: ${judged.join(', ')}${others.length === 0 ? '' : `; not judged, which need a longer run: ${others.join(', ')}`}`;
  return `<p class="dim">${html(text)}</p>`;
}

/** The page's style: light or dark as the system is set, with colours that are easy to distinguish. */
const STYLE = `
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
