import { safeText } from '../../../base/safe-text.ts';
import type { BudgetResult, GuardReport } from '../../../model/report/guard.ts';
import { boundText, commandText, worstText } from './report-words.ts';

/** A report as JUnit XML: one test case for each budget and one for the command. */
export function guardJunit(report: GuardReport): string {
  const { budgets, command } = report;
  const seconds = (Date.parse(command.endedAt) - Date.parse(command.startedAt)) / 1000;
  const broken = budgets.filter(({ verdict }) => verdict === 'broken').length;
  const unjudged = budgets.filter(({ verdict }) => verdict === 'not judged').length;
  const name = `socklens guard ${report.targets.join(',')}`;
  const numbers = `tests="${budgets.length + 1}" failures="${broken}" errors="${unjudged + Number(command.failed)}" time="${seconds}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="socklens guard" ${numbers}>`,
    `  <testsuite name="${xml(name)}" ${numbers} skipped="0" timestamp="${report.from.slice(0, 19)}">`,
    ...budgets.map((result) => testCase(result, name, seconds)),
    `    <testcase classname="${xml(name)}" name="${xml(`the command: ${command.argv.join(' ')}`)}" time="${seconds}">`,
    ...(command.failed ? [`      <error type="command" message="${xml(commandText(command))}"/>`] : []),
    '    </testcase>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(result: BudgetResult, suite: string, seconds: number): string {
  const head = `    <testcase classname="${xml(suite)}" name="${xml(result.budget)}" time="${seconds}">`;
  const text = worstText(result);
  const message = xml(`${text}, expected ${boundText(result)}`);
  switch (result.verdict) {
    case 'held':
      return `${head}\n      <system-out>${xml(text)}</system-out>\n    </testcase>`;
    case 'broken':
      return `${head}\n      <failure type="budget" message="${message}">${xml(text)}</failure>\n    </testcase>`;
    case 'not judged':
      return `${head}\n      <error type="not judged" message="${message}"/>\n    </testcase>`;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for XML: markup escaped; characters that XML forbids (controls, lone surrogates, non-characters) made visible. */
export function xml(text: string): string {
  return safeText(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
