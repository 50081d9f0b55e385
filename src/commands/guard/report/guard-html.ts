import { durationText } from '../../../base/duration.ts';
import type { BudgetResult, GuardReport, StateLines } from '../../../model/report/guard.ts';
import { STATE_DISPLAY_ORDER } from '../../../model/socket/tcp-state.ts';
import { html } from '../../../render/report/html-text.ts';
import { htmlPage } from '../../../render/report/page.ts';
import { problemsHtml } from '../../../render/report/problem-html.ts';
import { boundText, outcomeText, worstText } from './report-words.ts';
import { type ChartLine, COLOURS, svgChart } from './svg-chart.ts';

/** A report as one self-contained page: no scripts, and nothing is loaded. */
export function guardHtml(report: GuardReport): string {
  const { command, targets, outcome, from, to, intervalMs, budgets, states } = report;
  const parts = [
    `<h1 class="${outcome === 'passed' ? 'passed' : 'broken'}" id="outcome">${html(outcomeText(report))}</h1>`,
    `<p><code>${html(command.argv.join(' '))}</code> against ${targets.map((name) => `<code>${html(name)}</code>`).join(', ')}</p>`,
    `<p class="dim">${html(from)} to ${html(to)}, sampled every ${html(durationText(intervalMs))}</p>`,
    '<h2>Budgets</h2><div class="wide"><table id="budgets"><thead><tr><th></th><th>Budget</th><th>Bound</th><th>Worst value</th></tr></thead><tbody>',
    ...budgets.map(budgetRow),
    '</tbody></table></div>',
    '<h2>Sockets over time</h2>',
    ...states.map((lines) => stateChart(lines, report)),
    ...budgets.flatMap((result) => budgetChart(result, report)),
    '<h2>Problems</h2>',
    ...problemsHtml({ ...report, from: new Date(from), to: new Date(to) }),
  ];
  return htmlPage(`socklens guard: ${outcome}`, parts, CHART_STYLE);
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

/** The style of the charts, with colours that are easy to distinguish in light and dark. */
const CHART_STYLE = `
:root{--c0:#2f6fde;--c1:#e0822d;--c2:#2a9d78;--c3:#b8479a;--c4:#7a62d0;--c5:#c9a227;--c6:#4aa3c7;--c7:#8a8f98}
@media(prefers-color-scheme:dark){:root{--c0:#6ea8ff;--c1:#f2a65a;--c2:#4fd1a5;--c3:#e07cc4;--c4:#a594f9;--c5:#e6c34a;--c6:#7cc9e8;--c7:#a7adb5}}
svg{width:100%;height:auto;display:block}.ran{fill:var(--soft)}.grid{stroke:var(--edge)}.tick{fill:var(--dim);font:11px system-ui,sans-serif}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.area{stroke:var(--bg);stroke-width:.5}.bound{stroke:var(--bad);stroke-dasharray:5 4;stroke-width:1.5}.boundtext{fill:var(--bad);font:12px system-ui,sans-serif}
${[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `.line.c${n}{stroke:var(--c${n})}.area.c${n}{fill:var(--c${n})}.key.c${n}{background:var(--c${n})}`).join('')}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:13px;color:var(--dim)}.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.35em}
`;
