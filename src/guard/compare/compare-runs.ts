import {
  type Change,
  type ComparedMeasure,
  type ComparedRun,
  type Comparison,
  isProblem,
  type RunFinding,
  type RunMeasure,
  type RunSummary,
} from '../../model/report/run-summary.ts';

/** Values that differ by less than this fraction, or by 1, are the same: two runs always vary a little. */
const SAME_SHARE = 0.05;

const ORDER: readonly Change[] = ['worse', 'better', 'changed', 'only after', 'only before', 'same'];

/** Compares two runs. */
export function compareRuns(before: RunSummary, after: RunSummary): Comparison {
  const names = new Set([...before.measures, ...after.measures].map(({ name }) => name));
  const measures = [...names].map((name) =>
    compared(
      before.measures.find((measure) => measure.name === name),
      after.measures.find((measure) => measure.name === name),
    ),
  );
  measures.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
  const [had, has] = [keysOf(before.findings), keysOf(after.findings)];
  const fresh = after.findings.filter((finding) => !had.has(keyOf(finding)));
  return {
    before: runOf(before),
    after: runOf(after),
    measures,
    gone: before.findings.filter((finding) => !has.has(keyOf(finding))),
    new: fresh,
    stayed: after.findings.filter((finding) => had.has(keyOf(finding))),
    worse: measures.some(({ change }) => change === 'worse') || fresh.some(isProblem),
  };
}

function runOf({ name, seconds, notes }: RunSummary): ComparedRun {
  return { name, seconds, ...(notes !== undefined && { notes }) };
}

function compared(before: RunMeasure | undefined, after: RunMeasure | undefined): ComparedMeasure {
  const { name, unit } = (after ?? before) as RunMeasure;
  return {
    name,
    ...(unit !== undefined && { unit }),
    ...(before !== undefined && { before: before.value }),
    ...(after !== undefined && { after: after.value }),
    ...(before?.held !== undefined && { heldBefore: before.held }),
    ...(after?.held !== undefined && { heldAfter: after.held }),
    change: changeOf(before, after),
  };
}

function changeOf(before: RunMeasure | undefined, after: RunMeasure | undefined): Change {
  if (before === undefined) return 'only after';
  if (after === undefined) return 'only before';
  // A budget that was broken and holds now is better, even if its value hardly changed.
  if (before.held !== undefined && after.held !== undefined && before.held !== after.held) {
    return after.held ? 'better' : 'worse';
  }
  const difference = after.value - before.value;
  if (Math.abs(difference) <= Math.max(1, Math.abs(before.value) * SAME_SHARE)) return 'same';
  if (after.better === 'none') return 'changed';
  return difference < 0 === (after.better === 'lower') ? 'better' : 'worse';
}

/** Identifies a finding in both runs: without the PID of its scope, which differs. */
function keyOf({ rule, scope }: RunFinding): string {
  return `${rule} ${scope.replace(/\b\d+\//g, '')}`;
}

function keysOf(findings: readonly RunFinding[]): Set<string> {
  return new Set(findings.map(keyOf));
}
