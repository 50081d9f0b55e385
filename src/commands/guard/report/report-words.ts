import { clockText, durationText } from '../../../base/duration.ts';
import { plural } from '../../../base/plural.ts';
import type { BudgetResult, CommandResult, GuardReport, Share } from '../../../model/report/guard.ts';

/** The outcome of a run in one sentence. Must be escaped for the output format. */
export function outcomeText({ outcome, budgets, command }: GuardReport): string {
  const broken = budgets.filter(({ verdict }) => verdict === 'broken').length;
  const unjudged = budgets.filter(({ verdict }) => verdict === 'not judged').length;
  const verdict: Record<GuardReport['outcome'], string> = {
    passed: `${plural(budgets.length, 'budget')} held`,
    'budget broken': `${plural(broken, 'budget')} of ${budgets.length} broken`,
    'command failed': 'no budget broken',
    'not judged': `${plural(unjudged, 'budget')} of ${budgets.length} could not be judged`,
  };
  return `${verdict[outcome]}; ${commandText(command)}`;
}

/** How the command ended. */
export function commandText({ status, signal, stoppedBy, failed, startedAt, endedAt }: CommandResult): string {
  const took = durationText(Math.max(1, Date.parse(endedAt) - Date.parse(startedAt)));
  const how = signal === undefined ? `status ${status ?? '?'}` : signal;
  if (stoppedBy === 'time') return `the command was stopped after ${took} (--for)`;
  if (stoppedBy === 'signal') return `the run was interrupted after ${took} (the command: ${how})`;
  return failed ? `the command failed after ${took} (${how})` : `the command succeeded after ${took}`;
}

/** `257 at 14:03:11.120 in webhook, sampled: process 4242/node 257, peer db:mysql 257`; without a value, the reason. */
export function worstText({ worst, unit, reason, verdict, peak }: BudgetResult): string {
  const why = reason === undefined ? '' : ` (${verdict === 'not judged' ? 'not judged: ' : ''}${reason})`;
  if (worst === undefined) return `no value${why}`;
  const at = worst.at === undefined ? '' : ` at ${clockText(new Date(worst.at))}`;
  const target = worst.target === undefined ? '' : ` in ${worst.target}`;
  const how = peak === 'sampled' ? ', sampled' : '';
  return `${worst.value}${unit ?? ''}${at}${target}${how}${whoText(worst.who)}${why}`;
}

function whoText(who: readonly Share[]): string {
  if (who.length === 0) return '';
  // A rule's name needs no kind before it.
  return `: ${who.map(({ kind, name, count }) => (/^[A-Z_]+ /.test(name) ? name : `${kind} ${name} ${count}`)).join(', ')}`;
}

/** `<= 50`. A bound that depends on a baseline is already resolved. */
export function boundText({ operator, bound, unit }: BudgetResult): string {
  return bound === undefined ? operator : `${operator} ${bound}${unit ?? ''}`;
}
